export type { BuildStamp, LatestDeployment, Verdict } from "@tideline/version";
export type { DeploymentSource, WatchState } from "@tideline/watch";
export { recoverChunks, retryImport } from "@tideline/watch/page";
export type { NoticeStrings } from "./strings.js";
export { UpdateNotification, type UpdateNotificationProps } from "./update-notification.js";
export { useVersionCheck, type VersionCheck } from "./use-version-check.js";
export type { VersionCheckOptions } from "./watch-for.js";
