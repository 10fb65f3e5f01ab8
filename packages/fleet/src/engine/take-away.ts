import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { asDiskError } from "../disk-error.js";
import { VERSION_FILE_NAME } from "../swap/version-file.js";
import { SyncError } from "../sync-error.js";
import { syncFolder } from "../sync-folder.js";
import type { Attempt } from "./attempt.js";
import { childSignal } from "./child-signal.js";
import { foreignLive } from "./foreign-live.js";

/**
 * Takes a first installation back: there is no version before it, so that its service is stopped and
 * the live path is free again for a release that is well. May be repeated after a crash at any step.
 *
 * @throws {SyncError} `DRIFTED`: somebody has put another binary there meanwhile, which stays, and
 *   whose service is left as it is. `DISK_FULL`, `FOLDER_NOT_WRITABLE`, `SWAP_FAILED`: it lies there
 *   still.
 */
export async function takeAway(attempt: Attempt): Promise<void> {
  const { deps, subsystem, live } = attempt;
  const { name, service } = subsystem;
  await requireOwn(attempt);
  if (service !== null) {
    const patience = childSignal(new AbortController().signal, STOP_WITHIN_MS);
    try {
      await deps.supervisor.stop?.(service, patience.signal);
    } catch (error) {
      // Without its file it is not started again either.
      const why = error instanceof Error ? error.message : String(error);
      deps.log(`${name}: its service could not be stopped: ${why}`);
    } finally {
      patience.end();
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
}

async function requireOwn(attempt: Attempt): Promise<void> {
  const foreign = await foreignLive(attempt);
  if (foreign === null) return;
  throw new SyncError(
    "DRIFTED",
    `Cannot take "${attempt.live}" away: expected ${attempt.journal.version}, got sha256 ${foreign}, which somebody has put there`,
  );
}

// As long as a service may take to end; after that the supervisor kills it, or nobody can.
const STOP_WITHIN_MS = 60_000;
