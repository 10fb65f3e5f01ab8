import type { ReasonCode } from "@tideline/version/fleet";
import { SyncError } from "../sync-error.js";

/** Gives the refusal for a status that is no answer. */
export function refusedStatus(status: number, headers: Headers, url: URL): SyncError {
  return new SyncError(
    codeOf(status, headers),
    `Cannot ask "${url.origin}${url.pathname}": expected 200, got ${status}`,
  );
}

function codeOf(status: number, headers: Headers): ReasonCode {
  // https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api
  const isLimited = headers.get("x-ratelimit-remaining") === "0" || headers.has("retry-after");
  if (status === 429 || (status === 403 && isLimited)) return "RATE_LIMITED";
  // GitHub answers 401 for a repository that is not there, as much as for one that is private.
  if (status === 401 || status === 403) return "REMOTE_UNAUTHORIZED";
  if (status === 404 || status === 410) return "REMOTE_NOT_FOUND";
  return status >= 500 ? "REMOTE_UNAVAILABLE" : "REMOTE_NOT_GIT";
}
