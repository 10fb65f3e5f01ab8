import { dirname } from "node:path";
import { asDiskError } from "../disk-error.js";
import { SyncError } from "../sync-error.js";
import { syncFolder } from "../sync-folder.js";
import { keepPrevious } from "./keep-previous.js";
import { placeFile } from "./place-file.js";
import type { AtStep, SwapStep } from "./swap-step.js";
import { syncFile } from "./sync-file.js";
import type { VersionFile } from "./version-file.js";

/**
 * Puts a staged binary in the place of the live one, which is kept in `.previous` with its record.
 * Except on Windows there is no moment in which the live path is missing or half-written.
 *
 * `.version` is left alone: it speaks of the old binary until the new one has shown that it is well,
 * and whoever swaps writes it then (with `writeVersionFile`). Until then the journal explains why the
 * two differ.
 *
 * @param options.live Absolute path; need not exist. A regular file, and known by its `.version`.
 * @param options.staged On the same file system, executable and verified; gone afterwards.
 * @param options.keepsLive False for a live binary that nobody knows: `.previous` stays as it is.
 *   @default true
 * @param options.platform @default process.platform
 * @returns What was put into `.previous`; null if there was no live binary, or it is not kept.
 * @throws {SyncError} `DRIFTED`, `DISK_FULL`, `FOLDER_NOT_WRITABLE`, `SWAP_FAILED`. What the live path
 *   holds is then for the caller to see: all steps but the last leave the old one.
 */
export async function swapIn({
  live,
  staged,
  keepsLive = true,
  atStep = () => {},
  platform = process.platform,
}: {
  readonly live: string;
  readonly staged: string;
  readonly keepsLive?: boolean;
  readonly atStep?: AtStep<SwapStep>;
  readonly platform?: NodeJS.Platform;
}): Promise<VersionFile | null> {
  try {
    // Before its name is the live one, its bytes are on disk: else a power cut leaves an empty binary.
    await syncFile(staged);
    await atStep("staged-synced");
    const previous = keepsLive ? await keepPrevious(live, atStep) : null;
    await placeFile(staged, live, platform);
    await atStep("swapped");
    await syncFolder(dirname(live));
    await atStep("swap-synced");
    return previous;
  } catch (cause) {
    throw asSwapError(cause, `Cannot swap "${live}"`);
  }
}

/** Names why a swap or the way back did not work; a {@link SyncError} comes back as it is. */
export function asSwapError(cause: unknown, action: string): SyncError {
  const error = asDiskError(cause, action);
  if (error instanceof SyncError) return error;
  const message = `${action}: ${cause instanceof Error ? cause.message : String(cause)}`;
  return new SyncError("SWAP_FAILED", message, { cause });
}
