import { isPlaceholder } from "@tideline/version";
import { createVersionWatch, type VersionWatch, type WatchPage } from "@tideline/watch";
import { gatewaySource } from "@tideline/watch/sse";
import { readBuild } from "./build-page.js";
import { readAttribute } from "./read-attribute.js";

/** What shows the news on the page. */
export interface Notice {
  /** Added to `window.tideline` at once. */
  readonly api: object;
  /** The page that the watch acts on. */
  readonly page: WatchPage;
  /** Called once the page's body is there, with the script tag's attributes. */
  show(watch: VersionWatch, data: DOMStringMap): void;
}

/**
 * Starts the watch that the script tag describes, and makes `window.tideline`. Nothing, if another
 * tag did.
 *
 * To be called while the script runs, not later: a script knows its tag only then.
 */
export function start({ api, page, show }: Notice): void {
  const global = window as { tideline?: { registerBlocker?: unknown } };
  // An element whose id is "tideline" has that name too, and is no script that came before.
  if (global.tideline?.registerBlocker) return;
  global.tideline = api;
  const { src, dataset } = document.currentScript as HTMLScriptElement;

  const begin = () => {
    const stamp = readBuild(document);
    const version = stamp?.version ?? "";
    if (isPlaceholder(stamp?.buildId ?? "")) {
      console.warn(`Cannot watch: expected a version in <body data-app-version>, got "${version}"`);
    }
    const watch = createVersionWatch({
      stamp,
      appName: dataset.app ?? stamp?.appName ?? "",
      environment: dataset.environment ?? stamp?.environment ?? "",
      source: gatewaySource(
        readAttribute(dataset, "gateway", ".", (url) => new URL(url, src).href),
        {
          onStreamEvent: ({ type }) =>
            type === "open" && console.log("SSE connection opened successfully"),
        },
      ),
      page,
    });
    Object.assign(api, watch);
    let heard: unknown;
    watch.subscribe(() => {
      const { latest } = watch.getSnapshot();
      if (latest && latest !== heard) {
        heard = latest;
        console.log(`Version update received: ${latest.version} (current: ${version})`);
      }
    });
    show(watch, dataset);
  };
  // The body, which may name the version, comes after a script in the head.
  if (document.body) begin();
  else addEventListener("DOMContentLoaded", begin);
}
