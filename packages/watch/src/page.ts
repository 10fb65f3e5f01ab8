/** The door to the DOM: what a watch needs of the page it runs in. */
export { browserPage } from "./page/browser-page.js";
export { listenToTab } from "./page/listen-to-tab.js";
export { readStamp } from "./page/read-stamp.js";
export { recoverChunks } from "./page/recover-chunks.js";
export { retryImport } from "./page/retry-import.js";
