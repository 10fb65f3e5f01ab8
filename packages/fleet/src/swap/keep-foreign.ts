import { basename, dirname, join } from "node:path";
import { hashFile } from "../artifact/hash-file.js";
import { makeFolder } from "../make-folder.js";
import { syncFolder } from "../sync-folder.js";
import { linkOrCopy } from "./link-or-copy.js";
import { asSwapError } from "./swap-in.js";

/**
 * Gives a live binary that nobody knows a second name, `.foreign/<name>-<sha256>` beside it, so that
 * somebody can find out where it came from after a release has taken its place. Nothing of ours goes
 * back to it or removes it. May be repeated.
 *
 * @returns Its path.
 * @throws {SyncError} `DISK_FULL`, `FOLDER_NOT_WRITABLE`, `SWAP_FAILED`
 */
export async function keepForeign(live: string): Promise<string> {
  const folder = join(dirname(live), ".foreign");
  try {
    const { sha256 } = await hashFile(live);
    const kept = join(folder, `${basename(live)}-${sha256}`);
    await makeFolder(folder, 0o700);
    await linkOrCopy(live, kept);
    await syncFolder(folder);
    return kept;
  } catch (cause) {
    throw asSwapError(cause, `Cannot keep "${live}"`);
  }
}
