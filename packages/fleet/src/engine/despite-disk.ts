import type { ReasonCode } from "@tideline/version/fleet";
import { SyncError } from "../sync-error.js";

/**
 * Writes down what would be good to have on disk, and goes on without it where the disk takes nothing:
 * a version that has filled the disk is one to go back from.
 */
export async function despiteDisk(
  log: (line: string) => void,
  write: () => Promise<void>,
): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (!(error instanceof SyncError) || !OF_THE_DISK.has(error.reason)) throw error;
    log(`${error.reason}: ${error.message}; going on without it`);
  }
}

const OF_THE_DISK: ReadonlySet<ReasonCode> = new Set<ReasonCode>([
  "DISK_FULL",
  "FOLDER_NOT_WRITABLE",
  "STATE_DAMAGED",
]);
