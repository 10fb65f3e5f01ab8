import { SyncError } from "../sync-error.js";
import { boundedRequest } from "./bounded-request.js";
import type { DetectWorld } from "./detect-world.js";
import { refusedStatus } from "./refused-status.js";

// https://docs.github.com/rest/about-the-rest-api/api-versions
const HEADERS = {
  accept: "application/vnd.github+json",
  "x-github-api-version": "2022-11-28",
  "user-agent": "tideline-sync",
};
// A renamed repository is one redirect.
const MAX_REDIRECTS = 3;

/**
 * Reads one thing of GitHub's REST interface.
 *
 * @returns What the JSON says; null for 404.
 * @throws {SyncError} What {@link boundedRequest} and {@link refusedStatus} say; `LISTING_INCOMPLETE` if
 *   the answer is no whole JSON.
 */
export async function askGithub(address: string, world: DetectWorld): Promise<unknown> {
  let url = new URL(address);
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
    const token = world.tokenFor?.(url) ?? null;
    const headers = { ...HEADERS, ...(token !== null && { authorization: `Bearer ${token}` }) };
    const answer = await boundedRequest({ url, method: "GET", headers }, world);
    const location = answer.headers.get("location");
    if ([301, 302, 307, 308].includes(answer.status) && location !== null) {
      const next = URL.canParse(location, url) ? new URL(location, url) : null;
      // The interface moves within its own host; anything else is a page that stands before it.
      if (next?.origin !== url.origin) break;
      url = next;
      continue;
    }
    if (answer.status === 404) return null;
    if (answer.status !== 200) throw refusedStatus(answer.status, answer.headers, url);
    return parse(answer.bytes, url);
  }
  throw new SyncError("REMOTE_NOT_GIT", `Cannot ask "${address}": expected JSON, got redirects`);
}

function parse(bytes: Buffer, url: URL): unknown {
  const text = bytes.toString("utf8");
  try {
    return JSON.parse(text);
  } catch (cause) {
    const isPage = text.trimStart().startsWith("<");
    const reason = isPage ? "REMOTE_NOT_GIT" : "LISTING_INCOMPLETE";
    const found = isPage ? "a page" : "less";
    throw new SyncError(reason, `Cannot ask "${url.href}": expected whole JSON, got ${found}`, {
      cause,
    });
  }
}
