/**
 * Says whether a client that sends `If-None-Match` has this very body already.
 *
 * @param header The header's value, if it is there.
 * @param etag The body's entity tag, quotes included.
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2
 */
export function matchesEtag(header: string | null | undefined, etag: string): boolean {
  if (!header) return false;
  if (header.trim() === "*") return true;
  // Compared weakly: a proxy that compresses makes a strong tag a weak one.
  return header.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag);
}
