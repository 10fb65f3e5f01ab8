import { type BuildStamp, parseStamp, STAMP_META_NAME } from "@tideline/version";

/**
 * Reads the build stamp out of a page's head.
 *
 * @param page @default the document this runs in
 * @returns Null if there is a tag that names no build (as in development); undefined if there is no
 *   tag, or no document at all (on a server).
 */
export function readStamp(
  page: Document | undefined = globalThis.document,
): BuildStamp | null | undefined {
  const tag = page?.querySelector<HTMLMetaElement>(`meta[name="${STAMP_META_NAME}"]`);
  return tag ? parseStamp(tag.content) : undefined;
}
