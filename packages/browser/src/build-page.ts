import { type BuildStamp, isPlaceholder, STAMP_META_NAME } from "@tideline/version";
import type { WatchPage } from "@tideline/watch";
import { listenToTab } from "@tideline/watch/page";
import { get } from "./get.js";

/**
 * Says which build a document is: what Tideline's tag in its head says, else the version that its
 * body names (`data-app-version`, as a server in any language writes it), whose build is its label.
 *
 * @returns Where neither is there, the label of a placeholder. The stamp of a label has its two
 *   names and no more.
 */
export function readBuild(page: Document): Partial<BuildStamp> & Pick<BuildStamp, "buildId"> {
  try {
    const tag = page.querySelector<HTMLMetaElement>(`meta[name=${STAMP_META_NAME}]`);
    return JSON.parse((tag as HTMLMetaElement).content);
  } catch {
    // No tag, or one that cannot be read.
    const version = page.body.dataset.appVersion?.trim();
    return { buildId: `label:${version}`, version } as BuildStamp;
  }
}

/** The page this runs in, for a watch: as in a React app, but its build may be a label. */
export const buildPage: WatchPage = {
  recall(memory, key) {
    try {
      return window[memory][key];
    } catch {
      // Refused. Then the page does not load itself, so that nothing has to be remembered of it.
      return undefined;
    }
  },
  remember(memory, key, text) {
    try {
      window[memory][key] = text;
    } catch {
      // Refused, as above.
    }
  },
  listen: listenToTab,
  async servedBuild() {
    const { buildId } = readBuild(await get<Document>());
    // A page that names none, such as one to sign in, is no build to go to.
    if (isPlaceholder(buildId)) throw buildId;
    return buildId;
  },
  // Caches of a service worker are the business of an app that has one.
  reload(onLeave) {
    addEventListener("pagehide", onLeave);
    location.reload();
  },
};
