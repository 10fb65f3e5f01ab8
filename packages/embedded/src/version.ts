/** This package's version, as `--version` and `/version` say it. */
export const VERSION = "0.1.0";
