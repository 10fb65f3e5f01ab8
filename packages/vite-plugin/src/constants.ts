/** The names that code may use without an import, and the fields of the stamp behind them. */
export const CONSTANTS = {
  __APP_VERSION__: "stamp.version",
  __GIT_COMMIT__: 'stamp.gitCommit ?? "unknown"',
  __BUILD_NUMBER__: "stamp.buildNumber",
  __BUILD_TIME__: "stamp.buildTime",
  __APP_NAME__: "stamp.appName",
  __ENVIRONMENT__: 'stamp.environment ?? "unknown"',
  __GIT_TAG__: "stamp.gitTag",
} as const;

/** A constant's name. */
export type ConstantName = keyof typeof CONSTANTS;

/** All names. */
export const CONSTANT_NAMES = Object.keys(CONSTANTS) as ConstantName[];

/** Any of the names in a text; whether it is code is for the parser to say. */
export const ANY_CONSTANT = new RegExp(`\\b(?:${CONSTANT_NAMES.join("|")})\\b`);

/** The module that exports the constants by their names. */
export const CONSTANTS_MODULE = "virtual:tideline/constants";

/** The module that exports the stamp. */
export const STAMP_MODULE = "virtual:tideline";
