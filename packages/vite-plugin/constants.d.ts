/**
 * The build constants and `virtual:tideline`. Add to a file of your sources:
 *
 *   /// <reference types="@tideline/vite-plugin/constants" />
 */

/** The version's name, for people. `"unknown"` where nothing tells, as in a worker. */
declare const __APP_VERSION__: string;
/** Full commit SHA, or `"unknown"`. */
declare const __GIT_COMMIT__: string;
/** CI's run number, 0 where there is none. */
declare const __BUILD_NUMBER__: number;
/** ms since epoch, 0 where nothing tells. */
declare const __BUILD_TIME__: number;
declare const __APP_NAME__: string;
/** Where the build runs, for example `"production"`; `"unknown"` where nothing tells. */
declare const __ENVIRONMENT__: string;
declare const __GIT_TAG__: string | null;

declare module "virtual:tideline" {
  /** What this build says about itself; its `buildId` is `"dev"` in the dev server. */
  export const stamp: import("@tideline/version").BuildStamp;
  export default stamp;
}
