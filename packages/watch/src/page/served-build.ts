import { readStamp } from "./read-stamp.js";

/**
 * Looks which build the host serves at this page's own address now, past every cache.
 *
 * @returns The build id, or undefined if a document came that has no readable stamp.
 * @throws If no document came: offline, no answer in 10 s, or status 429 or 5xx. A
 *   status like 404 counts, because some static hosts serve a single-page app's pages with it.
 */
export async function servedBuild(): Promise<string | undefined> {
  const response = await fetch(location.href, {
    cache: "no-store",
    // Hosts that serve single-page apps ask whether a page is wanted.
    headers: { Accept: "text/html" },
    // Browsers of before 2022 have no such limit.
    signal: AbortSignal.timeout?.(10_000),
  });
  if (response.status > 428) throw response;
  const html = await response.text();
  return readStamp(new DOMParser().parseFromString(html, "text/html"))?.buildId;
}
