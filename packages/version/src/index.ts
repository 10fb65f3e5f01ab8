export {
  BUILD_ID_PLACEHOLDER,
  type BuildId,
  type BuildStamp,
  STAMP_META_NAME,
} from "./build-stamp.js";
export type {
  AnnounceAnswer,
  DeployedInputs,
  DeploymentRecord,
  LedgerErrorCode,
  NamedBuild,
  RecordAnswer,
  RefusalCode,
} from "./deployment-record.js";
export { FUNCTION_NAMES, WATCH_LATEST_DEPLOYMENT } from "./function-names.js";
export { judge } from "./judge.js";
export type {
  ClientBuild,
  DeploymentKind,
  LatestDeployment,
  Severity,
} from "./latest-deployment.js";
export { isPlaceholder, labelBuildId, parseBuildId, parseStamp } from "./parse-stamp.js";
export { shortCommit } from "./short-commit.js";
export { isTargetName } from "./target-name.js";
export type { Verdict } from "./verdict.js";
