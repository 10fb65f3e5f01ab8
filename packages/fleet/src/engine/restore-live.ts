import { link, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { hashFile } from "../artifact/hash-file.js";
import { keepForeign } from "../swap/keep-foreign.js";
import { previousPaths, readPrevious } from "../swap/keep-previous.js";
import { restorePrevious } from "../swap/restore-previous.js";
import { VERSION_FILE_NAME, type VersionFile } from "../swap/version-file.js";
import { SyncError } from "../sync-error.js";
import { syncFolder } from "../sync-folder.js";
import type { Attempt } from "./attempt.js";
import { foreignLive } from "./foreign-live.js";

/** What came of it. */
export interface Restored {
  /** Of what is live now. */
  readonly record: VersionFile;
  /** Where the binary is kept that somebody had put there meanwhile; null if nobody had. */
  readonly foreign: string | null;
}

/**
 * Puts the kept binary back. What somebody has put in its place meanwhile is kept in `.foreign/`: a
 * service that is down comes up again, and nothing of theirs is lost.
 *
 * @throws {SyncError} As `restorePrevious` and `keepForeign`; a binary of somebody's own is then still
 *   at its place.
 */
export async function restoreLive(attempt: Attempt): Promise<Restored> {
  const isForeign = (await foreignLive(attempt)) !== null;
  // Without a version before it stays where it is.
  const isReplaced = isForeign && (await readPrevious(attempt.live)).state === "kept";
  const foreign = isReplaced ? await keepForeign(attempt.live) : null;
  if (foreign !== null) {
    const { deps, subsystem } = attempt;
    deps.log(`${subsystem.name}: the binary that somebody has put there is kept as ${foreign}`);
    await attempt.step("foreign-kept");
  }
  return { record: await putBack(attempt), foreign };
}

/**
 * Puts the kept binary back, also on a disk that has no room for the few bytes of its `.version`: then
 * the kept record gets a second name, as the binary does.
 */
async function putBack(attempt: Attempt): Promise<VersionFile> {
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
