import { hashFile } from "../artifact/hash-file.js";
import { missingIsNull, readPrevious } from "../swap/keep-previous.js";
import { asSwapError } from "../swap/swap-in.js";
import type { Attempt } from "./attempt.js";

/**
 * Finds a binary that somebody has put at the live path while an attempt was under way: one that is
 * neither of its two versions, nor the one that is kept to go back to.
 *
 * @returns Its sha256; null if there is none.
 * @throws {SyncError} `SWAP_FAILED`, `FOLDER_NOT_WRITABLE`: nobody can tell.
 */
export async function foreignLive({ live, journal }: Attempt): Promise<string | null> {
  const { from, to } = journal;
  try {
    const found = await hashFile(live).catch(missingIsNull);
    if (found === null) return null;
    const { sha256 } = found;
    if (sha256 === to.checksum || sha256 === from?.checksum) return null;
    const previous = await readPrevious(live);
    return previous.state === "kept" && previous.version.checksum === sha256 ? null : sha256;
  } catch (cause) {
    throw asSwapError(cause, `Cannot tell what "${live}" is`);
  }
}
