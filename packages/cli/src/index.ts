export type { AnnounceAnswer } from "@tideline/version";
export type { DeploymentOptions } from "./deployment-options.js";
export { type PreparedDeployment, prepare } from "./prepare.js";
export { type AbortAnswer, abort, announce, record } from "./record.js";
export { RecordError, type RecordErrorKind } from "./record-error.js";
export { run, type Terminal } from "./run.js";
export { runHere } from "./run-here.js";
