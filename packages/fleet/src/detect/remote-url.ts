import { isSafeAddress } from "../config/config-schema.js";
import { SyncError } from "../sync-error.js";

/**
 * Gives a git remote's address as a URL, without a slash at its end.
 *
 * Only `https:`, and `http:` on this machine. `git@host:path` parses as something else in most URL
 * libraries, and `file:` would read whatever the machine holds: both are refused by name.
 *
 * @throws {SyncError} `REMOTE_UNUSABLE`.
 */
export function parseRemoteUrl(remote: string): URL {
  const found = foundIn(remote);
  if (found !== null) {
    const expected = "an address that begins with https:// (or http:// on this machine)";
    throw new SyncError(
      "REMOTE_UNUSABLE",
      `Cannot use the remote "${withoutPassword(remote)}": expected ${expected}, got ${found}`,
    );
  }
  const url = new URL(remote);
  url.pathname = url.pathname.replace(/\/+$/, "");
  return url;
}

function foundIn(remote: string): string | null {
  if (/^[\w.-]+@[\w.-]+:/.test(remote)) return "one for ssh";
  if (!URL.canParse(remote)) return "something else";
  const { protocol, username, password, search, hash } = new URL(remote);
  if (username !== "" || password !== "") return "one with a name or a password in it";
  if (search !== "" || hash !== "") return "one with a query";
  return isSafeAddress(remote) ? null : `one with ${protocol}`;
}

function withoutPassword(remote: string): string {
  return remote.replace(/\/\/[^/@]*@/, "//");
}
