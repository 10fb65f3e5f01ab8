import { type BuildStamp, STAMP_META_NAME } from "@tideline/version";

/**
 * Reads the build stamp out of a page's head, as the build wrote it: what it names may be a
 * placeholder, as in development, of which `judge` thinks nothing.
 *
 * @param page @default the document this runs in
 * @returns Null if there is none, or no document at all (on a server).
 */
export function readStamp(page: Document | undefined = globalThis.document): BuildStamp | null {
  const tag = page?.querySelector<HTMLMetaElement>(`meta[name=${STAMP_META_NAME}]`);
  try {
    return JSON.parse(tag?.content ?? "null");
  } catch {
    // Unreadable is the same as absent.
    return null;
  }
}
