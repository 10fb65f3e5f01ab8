import type { BuildStamp } from "@tideline/version";
import type { WatchPage } from "@tideline/watch";
import { browserTab, readStamp } from "@tideline/watch/page";

/**
 * Says which build a document is: what Tideline's tag in its head says, else the version that its
 * body names (`data-app-version`, as a server in any language writes it), whose build is its label.
 *
 * @returns Null where neither is there. The stamp of a label has its two names and no more.
 */
export function readBuild(page: Document): BuildStamp | null {
  const version = page.body?.dataset.appVersion?.trim();
  const label = version ? { buildId: `label:${version}`, version } : null;
  return readStamp(page) ?? (label as BuildStamp | null);
}

/** The page this runs in, for a watch: as in a React app, and its build may be a label. */
export const buildPage: WatchPage = {
  ...browserTab,

  // Not by `fetch`: this gives a document without DOMParser, which a page that requires Trusted
  // Types refuses.
  servedBuild: () =>
    new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open("GET", location.href);
      request.responseType = "document";
      request.timeout = 10_000;
      request.setRequestHeader("Accept", "text/html");
      // A condition of the page's own takes a request past the browser's cache, and this one no
      // server can meet.
      request.setRequestHeader("If-None-Match", '"-"');
      request.setRequestHeader("Cache-Control", "no-cache");
      request.onloadend = () => {
        const { status, responseXML } = request;
        // 0: no answer. Some hosts serve a single-page app's pages with 404.
        if (!status || status > 428) reject();
        else resolve(responseXML ? readBuild(responseXML)?.buildId : undefined);
      };
      request.send();
    }),
};
