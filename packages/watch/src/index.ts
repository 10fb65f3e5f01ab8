export { followVersion, type Tell, type WatchTools } from "./follow-version.js";
export { queryOnce } from "./query-once.js";
export { setupError } from "./setup-error.js";
export type { DeploymentQuery, DeploymentSource } from "./source.js";
export {
  createVersionWatch,
  type VersionWatch,
  type VersionWatchOptions,
} from "./version-watch.js";
export type { Memory, WatchPage } from "./watch-page.js";
export { NOTHING_HEARD, type WatchSnapshot, type WatchState } from "./watch-snapshot.js";
