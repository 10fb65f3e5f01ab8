export type { AnnounceAnswer } from "@tideline/version";
export { CommandError, type CommandErrorKind } from "./command-error.js";
export type { DeploymentOptions } from "./record/deployment-options.js";
export { type PreparedDeployment, prepare } from "./record/prepare.js";
export { abort, announce, record } from "./record/record.js";
export type { AbortAnswer } from "./record/send-deployment.js";
export { run } from "./run.js";
export { runHere } from "./run-here.js";
export type { Terminal } from "./terminal.js";
