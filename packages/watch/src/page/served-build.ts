import type { BuildId } from "@tideline/version";
import { readStamp } from "./read-stamp.js";

/**
 * Looks which build the host serves at this page's own address now, past every cache.
 *
 * @returns The build id, or null if a document came that has no readable stamp.
 * @throws {Error} If no document came: offline, no answer within 10 s, or status 429 or 5xx. A
 *   status like 404 counts when its document has a stamp, because some static hosts serve the page
 *   of a single-page app that way.
 */
export async function servedBuild(): Promise<BuildId | null> {
  const response = await fetch(location.href, {
    cache: "no-store",
    credentials: "same-origin",
    headers: { Accept: "text/html" },
    signal: AbortSignal.timeout(10_000),
  });
  if (response.status === 429 || response.status >= 500) {
    throw new Error(`Cannot read ${location.href}: status ${response.status}`);
  }
  const served = new DOMParser().parseFromString(await response.text(), "text/html");
  return readStamp(served)?.buildId ?? null;
}
