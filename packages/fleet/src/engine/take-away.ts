import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { asDiskError } from "../disk-error.js";
import { VERSION_FILE_NAME } from "../swap/version-file.js";
import { SyncError } from "../sync-error.js";
import { syncFolder } from "../sync-folder.js";
import type { Attempt } from "./attempt.js";
import { foreignLive } from "./foreign-live.js";
import { stopService } from "./stop-service.js";

/**
 * Takes a first installation back: there is no version before it, so that its service is stopped and
 * the live path is free again for a release that is well. May be repeated after a crash at any step.
 *
 * @throws {SyncError} `DRIFTED`: somebody has put another binary there meanwhile, which stays, and
 *   whose service is left as it is. `DISK_FULL`, `FOLDER_NOT_WRITABLE`, `SWAP_FAILED`: it lies there
 *   still. `SUPERVISOR_UNREACHABLE`, `RESTART_FAILED`: it is gone, and its process may run on.
 * @throws The signal's reason when it aborts.
 */
export async function takeAway(attempt: Attempt, signal: AbortSignal): Promise<void> {
  const { deps, subsystem, live } = attempt;
  const { service } = subsystem;
  let running: SyncError | null = null;
  await requireOwn(attempt);
  if (service !== null) {
    const { supervisor } = deps;
    try {
      await stopService({ supervisor, service, health: subsystem.health, signal });
    } catch (error) {
      if (!(error instanceof SyncError)) throw error;
      // Without its file it is at least not started again, and what is well may take its place.
      running = error;
    }
    // Somebody who sees that it does not come up may have been at it while it was stopped.
    await requireOwn(attempt);
  }
  const folder = dirname(live);
  try {
    await rm(live, { force: true });
    await attempt.step("taken-away");
    await rm(join(folder, VERSION_FILE_NAME), { force: true });
    await syncFolder(folder);
  } catch (error) {
    throw asDiskError(error, `Cannot take "${live}" away`);
  }
  if (running !== null) throw running;
}

async function requireOwn(attempt: Attempt): Promise<void> {
  const foreign = await foreignLive(attempt);
  if (foreign === null) return;
  throw new SyncError(
    "DRIFTED",
    `Cannot take "${attempt.live}" away: expected ${attempt.journal.version}, got sha256 ${foreign}, which somebody has put there`,
  );
}
