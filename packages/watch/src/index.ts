export { systemClock, type WatchClock } from "./clock.js";
export { queryOnce } from "./query-once.js";
export { setupSentence } from "./setup-sentence.js";
export type { DeploymentQuery, DeploymentSource } from "./source.js";
export {
  createVersionWatch,
  type VersionWatch,
  type VersionWatchOptions,
} from "./version-watch.js";
export type { WatchPage, WatchStorage } from "./watch-page.js";
export type { WatchSnapshot, WatchState } from "./watch-snapshot.js";
