import { isPlaceholder } from "@tideline/version";
import { type DeploymentSource, followVersion, type Tell, type WatchPage } from "@tideline/watch";
import { followGateway } from "@tideline/watch/sse";
import { readBuild } from "./build-page.js";
import { get } from "./get.js";

export type PageWatch = ReturnType<typeof followVersion>;

/**
 * Starts the watch that the script tag describes, and makes `window.tideline`. Nothing, if another
 * tag did.
 *
 * To be called while the script runs, not later: a script knows its tag only then.
 *
 * @param api Becomes `window.tideline` at once; the watch's methods are added.
 * @param page The page that the watch acts on.
 * @param show Called once the page's body is there, with the script tag's attributes. Gives what
 *   shows the news.
 */
export function start(
  api: object,
  page: WatchPage,
  show: (data: DOMStringMap, api: PageWatch) => Tell,
): void {
  const global = window as { tideline?: { id?: string } };
  const { tideline } = global;
  // An element whose id is "tideline" has that name too, and is no script that came before.
  if (tideline && !tideline.id) return;
  global.tideline = api;
  const { src, dataset } = document.currentScript as HTMLScriptElement;

  const begin = () => {
    const stamp = readBuild(document);
    const { version, buildId } = stamp;
    if (isPlaceholder(buildId)) {
      console.warn(`Cannot watch: expected data-app-version, got "${version}"`);
    }
    console.log("Establishing SSE connection to /events/version");
    const tell = show(dataset, api as PageWatch);
    let heard: unknown;
    const appName = dataset.app ?? stamp.appName ?? "";
    const environment = dataset.environment ?? stamp.environment ?? "";
    const query = { appName, environment, buildId };
    const { start, ...watch } = followVersion(
      query,
      {
        source: followGateway(
          new URL(dataset.gateway ?? ".", src).href.replace(/\/?$/, "/"),
          query,
          get,
          () => console.log("SSE connection opened successfully"),
        ) as unknown as DeploymentSource,
        page,
      },
      (state, verdict, latest) => {
        if (latest && latest !== heard) {
          heard = latest;
          console.log(`Version update received: ${latest.version} (current: ${version})`);
        }
        tell(state, verdict, latest);
      },
      // There is nobody to tell.
      () => {},
    );
    Object.assign(api, watch);
    start();
  };
  // The body, which may name the version, comes after a script in the head.
  if (document.body) begin();
  else addEventListener("DOMContentLoaded", begin);
}
