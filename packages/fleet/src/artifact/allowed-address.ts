import { SyncError } from "../sync-error.js";

/**
 * Reads an address that a binary may be fetched from: `https:`, or `http:` on loopback; no user name
 * or password in it. A host elsewhere may not lead on to a service of this machine.
 *
 * @param from The address that has led here, or null for one that a manifest names.
 * @throws {SyncError} `HOST_UNUSABLE`
 */
export function allowedAddress(text: string, from: URL | null): URL {
  const url = URL.canParse(text, from?.href) ? new URL(text, from?.href) : null;
  const refused = (expected: string) =>
    new SyncError("HOST_UNUSABLE", `Cannot download: expected ${expected}, got "${text}"`);
  if (url === null) throw refused("an address");
  if (url.username !== "" || url.password !== "") {
    // Not quoted: what stands in it is a secret.
    throw new SyncError(
      "HOST_UNUSABLE",
      `Cannot download from "${url.host}": expected an address without user name and password`,
    );
  }
  const isHere = isLoopback(url.hostname);
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isHere)) {
    throw refused("https:, or http: on loopback");
  }
  if (isHere && from !== null && !isLoopback(from.hostname)) {
    throw refused(`an address outside this machine after "${from.host}"`);
  }
  return url;
}

function isLoopback(hostname: string): boolean {
  // The URL parser has written every spelling of an IPv4 address as four decimal numbers.
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname);
}
