import { link, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { hashFile } from "../artifact/hash-file.js";
import { previousPaths, readPrevious } from "../swap/keep-previous.js";
import { restorePrevious } from "../swap/restore-previous.js";
import { VERSION_FILE_NAME, type VersionFile } from "../swap/version-file.js";
import { SyncError } from "../sync-error.js";
import { syncFolder } from "../sync-folder.js";
import type { Attempt } from "./attempt.js";

/**
 * Puts the kept binary back, also on a disk that has no room for the few bytes of its `.version`: then
 * the kept record gets a second name, as the binary does.
 *
 * @returns The record of what is live now.
 * @throws {SyncError} As `restorePrevious`.
 */
export async function restoreLive(attempt: Attempt): Promise<VersionFile> {
  const { live } = attempt;
  const atStep = (step: string) => attempt.step(`restore:${step}`);
  try {
    return await restorePrevious({ live, atStep });
  } catch (error) {
    if (!(error instanceof SyncError) || error.reason !== "DISK_FULL") throw error;
    const previous = await readPrevious(live);
    const { sha256 } = await hashFile(live);
    if (previous.state !== "kept" || previous.version.checksum !== sha256) throw error;
    const folder = dirname(live);
    const linked = join(folder, `${VERSION_FILE_NAME}.restore`);
    await rm(linked, { force: true });
    await link(previousPaths(live).record, linked);
    await rename(linked, join(folder, VERSION_FILE_NAME));
    await syncFolder(folder);
    return previous.version;
  }
}
