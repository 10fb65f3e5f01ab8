import { type BuildStamp, STAMP_META_NAME } from "@tideline/version";

/**
 * Reads the build stamp out of a page's head, as the build wrote it: what it names may be a
 * placeholder, as in development, which `judge` answers with unknown.
 *
 * @param page @default the document this runs in
 * @returns Null if there is none, or no document at all (on a server).
 */
export function readStamp(page?: Document): BuildStamp | null {
  try {
    const tag = (page ?? document).querySelector<HTMLMetaElement>(`meta[name=${STAMP_META_NAME}]`);
    return JSON.parse((tag as HTMLMetaElement).content);
  } catch {
    // No document, no tag, or one that cannot be read.
    return null;
  }
}
