/** What a process left half done when it was killed, or the machine when it went down. */
import { rename } from "node:fs/promises";
import type { SubsystemConfig } from "../config/sync-config.js";
import { readLive } from "../swap/read-live.js";
import { Attempt } from "./attempt.js";
import { mendAttempts } from "./attempts.js";
import { commit } from "./commit.js";
import { despiteDisk } from "./despite-disk.js";
import type { EngineDeps } from "./engine-deps.js";
import { readJournal, removeJournal } from "./journal.js";
import { lockSubsystem, waitForMachine } from "./locks.js";
import { MAX_RECOVERIES, NO_FAILURE, rollBack } from "./roll-back.js";
import { journalPath } from "./state-paths.js";
import { tidyPrevious } from "./tidy-previous.js";
import type { UpdateOutcome } from "./update-outcome.js";
import { watchOverNew } from "./watch-over-new.js";

/**
 * Ends what was left half done, for every subsystem of the configuration; to be called once at start.
 * A subsystem that another process is at is left to it.
 *
 * @returns What came of it, by subsystem; those without anything to end are missing.
 * @throws The signal's reason when it aborts.
 */
export async function recover(
  deps: EngineDeps,
  { signal }: { readonly signal: AbortSignal },
): Promise<ReadonlyMap<string, UpdateOutcome>> {
  const { state, subsystems } = deps.config;
  await mendAttempts(state, deps.now());
  const outcomes = new Map<string, UpdateOutcome>();
  await Promise.all(
    Object.values(subsystems).map(async (subsystem) => {
      if ((await readJournal(state, subsystem.name)) === null) return;
      const lock = await lockSubsystem(state, subsystem.name);
      if (lock === null) return;
      try {
        const outcome = await recoverLocked(deps, subsystem, signal);
        if (outcome !== null) outcomes.set(subsystem.name, outcome);
      } finally {
        await lock.release();
      }
    }),
  );
  return outcomes;
}

/**
 * Ends what was left half done for one subsystem, whose lock is held. What decides is the live binary,
 * not how far the journal says that things had come.
 *
 * @returns Null if there was nothing, or nothing live had been touched.
 */
export async function recoverLocked(
  deps: EngineDeps,
  subsystem: SubsystemConfig,
  signal: AbortSignal,
): Promise<UpdateOutcome | null> {
  const { state } = deps.config;
  const { name } = subsystem;
  const found = await readJournal(state, name);
  if (found === null) return null;
  if (found === "unreadable") {
    const path = journalPath(state, name);
    await rename(path, `${path}.damaged`);
    deps.log(`${name}: the journal cannot be read; kept as "${path}.damaged"`);
    return null;
  }
  const attempt = new Attempt(deps, subsystem, found);
  switch (found.state) {
    case "planned":
    case "downloading":
    case "verified":
    case "staged":
    case "exec-tested":
    case "refused":
      // Nothing live was touched, and what was downloaded is found by the next try.
      await removeJournal(state, name);
      return null;
    case "locked":
    case "swapped":
    case "restarting":
    case "gating":
    case "soaking":
      await count(attempt);
      return await byLiveBinary(attempt, signal);
    case "rolling-back":
      await count(attempt);
      return await withMachine(attempt, signal, () => rollBack(attempt, null, signal));
    case "committed":
      return await commit(attempt);
    case "rolled-back":
    case "needs-operator":
      return await tellAgain(attempt, found.state);
    default:
      return found.state satisfies never;
  }
}

/** The way back was gone to its end; only the telling may have been left. */
async function tellAgain(
  attempt: Attempt,
  state: "rolled-back" | "needs-operator",
): Promise<UpdateOutcome> {
  const { failure, version, seq } = attempt.journal;
  const { reason, detail, log } = failure ?? NO_FAILURE;
  const live = await readLive(attempt.live);
  const restored = live.state === "known" ? live.version.version : null;
  await attempt.end({ state, reason, detail, log }, live.state === "absent" ? null : live.sha256);
  return { state, reason, detail, version, seq, restored };
}

/** On disk before anything else: what takes the machine down may do so again at once. */
async function count(attempt: Attempt): Promise<void> {
  const { recoveries, isStoppedInOrder } = attempt.journal;
  const change = {
    recoveries: recoveries + (isStoppedInOrder ? 0 : 1),
    isStoppedInOrder: false,
  };
  await despiteDisk(attempt.deps.log, () => attempt.amend(change));
  await attempt.step("recovering");
}

async function byLiveBinary(attempt: Attempt, signal: AbortSignal): Promise<UpdateOutcome | null> {
  const { deps, subsystem, journal } = attempt;
  const { from, to, version, seq } = journal;
  const live = await readLive(attempt.live);
  const runs = live.state === "absent" ? null : live.sha256;
  if (runs === to.checksum) {
    if (journal.recoveries > MAX_RECOVERIES) {
      const detail = `The machine went down ${journal.recoveries} times while ${version} was started or watched`;
      const illness = { reason: "INTERRUPTED", detail } as const;
      return await withMachine(attempt, signal, () => rollBack(attempt, illness, signal));
    }
    deps.log(`${subsystem.name}: ${version} is in its place after an interruption; going on`);
    const machine = await waitForMachine(attempt.state, signal);
    const isRestarted = journal.state === "gating" || journal.state === "soaking";
    return await watchOverNew(attempt, { machine, isRestarted, signal });
  }
  if (runs === (from?.checksum ?? null)) {
    await tidyPrevious(attempt.live);
    await attempt.step("tidied");
    await removeJournal(attempt.state, subsystem.name);
    return null;
  }
  if (runs === null) {
    const illness = { reason: "SWAP_FAILED", detail: "The live binary is gone" } as const;
    return await withMachine(attempt, signal, () => rollBack(attempt, illness, signal));
  }
  // Somebody put a third binary there meanwhile, and knows why.
  const detail = `Expected "${attempt.live}" to be ${version} or the version before, got sha256 ${runs}`;
  deps.log(`${subsystem.name}: DRIFTED: ${detail}`);
  await attempt.end({ state: "needs-operator", reason: "DRIFTED", detail, log: [] }, runs);
  return { state: "needs-operator", reason: "DRIFTED", detail, version, seq };
}

async function withMachine<T>(
  { state }: Attempt,
  signal: AbortSignal,
  action: () => Promise<T>,
): Promise<T> {
  const machine = await waitForMachine(state, signal);
  try {
    return await action();
  } finally {
    await machine.release();
  }
}
