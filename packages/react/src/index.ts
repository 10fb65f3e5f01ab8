export type { BuildStamp, LatestDeployment, Verdict } from "@tideline/version";
export type { DeploymentSource, WatchState } from "@tideline/watch";
export { retryImport } from "@tideline/watch/page";
export { useVersionCheck, type VersionCheck } from "./use-version-check.js";
export type { VersionCheckOptions } from "./watch-for.js";
