import { SyncError } from "../sync-error.js";
import type { Attempt } from "./attempt.js";
import { bringUp, soak } from "./bring-up.js";
import { commit, record } from "./commit.js";
import type { HeldLock } from "./lock.js";
import { rollBack } from "./roll-back.js";
import type { UpdateOutcome } from "./update-outcome.js";

/**
 * Goes on with a new binary that is in its place: brings it up, watches it, and commits or goes back.
 *
 * @param options.machine The machine's lock; let go once the service is up.
 */
export async function watchOverNew(
  attempt: Attempt,
  options: {
    readonly machine: HeldLock;
    readonly isRestarted: boolean;
    readonly signal: AbortSignal;
  },
): Promise<UpdateOutcome> {
  const { machine, signal } = options;
  try {
    await record(attempt);
    const gate = await bringUp(attempt, options);
    if (!gate.ok) return await rollBack(attempt, gate, signal);
    await machine.release();
    const illness = await soak(attempt, gate.state, signal);
    // No lock is waited for here: a version that is not well goes at once.
    if (illness !== null) return await rollBack(attempt, illness, signal);
    return await commit(attempt);
  } catch (error) {
    if (signal.aborted) {
      // Journaled as it is: the next start goes on from here, and does not count it as an outage.
      await attempt.amend({ isStoppedInOrder: true });
      throw error;
    }
    if (!(error instanceof SyncError) || attempt.journal.failure !== null) throw error;
    return await rollBack(attempt, { reason: error.reason, detail: error.message }, signal);
  } finally {
    await machine.release();
  }
}
