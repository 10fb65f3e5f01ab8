/** This package's version, as `--version` says it. */
export const VERSION = "0.1.0";
