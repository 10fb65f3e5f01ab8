import type { ReasonCode } from "@tideline/version/fleet";
import { hashFile } from "../artifact/hash-file.js";
import type { VersionFile } from "../swap/version-file.js";
import { SyncError } from "../sync-error.js";
import type { Attempt } from "./attempt.js";
import { noteFailure } from "./attempts.js";
import { childSignal } from "./child-signal.js";
import { settle } from "./commit.js";
import { deny } from "./denied.js";
import { despiteDisk } from "./despite-disk.js";
import type { Failure } from "./journal.js";
import { passGate } from "./pass-gate.js";
import { restartService } from "./restart-service.js";
import { restoreLive } from "./restore-live.js";
import { takeAway } from "./take-away.js";
import type { UpdateOutcome } from "./update-outcome.js";
import type { Watched } from "./verdict.js";

/**
 * Puts the version before back and brings it up: `rolling-back`, then `rolled-back` or
 * `needs-operator`. Needs neither network nor ledger, and waits for nobody's lock. A binary that
 * somebody has put there meanwhile is never lost: it makes room where a version before can come up,
 * and stays where none can.
 *
 * May be taken up again after a crash at any step.
 *
 * @param illness Why; null when it is taken up again, and then the journal says so.
 * @throws The signal's reason when it aborts. The old binary is then in its place and started.
 */
export async function rollBack(
  attempt: Attempt,
  illness: Pick<Failure, "reason" | "detail"> | null,
  signal: AbortSignal,
): Promise<UpdateOutcome> {
  const { deps, subsystem } = attempt;
  if (illness !== null) {
    const log = await newestLines(attempt);
    await attempt.enterAnyway("rolling-back", { failure: { ...illness, log }, recoveries: 0 });
    const isAsked = illness.reason === "ROLLED_BACK_BY_HAND";
    const why = isAsked ? "as somebody asks for it" : `${illness.reason}: ${illness.detail}`;
    deps.log(`${subsystem.name}: ${isAsked ? `going back, ${why}` : `${why}; going back`}`);
  }
  let failure = attempt.journal.failure ?? NO_FAILURE;
  const { kind, to, version } = attempt.journal;
  if (kind === "update" && isOfTheBinary(failure.reason)) {
    const { reason } = failure;
    const denial = { subsystem: subsystem.name, version, reason, at: deps.now() };
    await despiteDisk(deps.log, () => deny(attempt.state, [to.checksum], denial));
    await attempt.step("denied");
  } else if (kind === "update") {
    const { startedAt } = attempt.journal;
    await despiteDisk(deps.log, () =>
      noteFailure(attempt.state, subsystem.name, startedAt, failure.reason),
    );
  }

  let restored: VersionFile;
  try {
    const { record, foreign } = await restoreLive(attempt);
    restored = record;
    if (foreign !== null) failure = withForeign(failure, foreign);
  } catch (error) {
    if (!(error instanceof SyncError)) throw error;
    const isFirst = kind === "update" && attempt.journal.from === null;
    if (isFirst && error.reason === "NO_PREVIOUS") return await endFirst(attempt, failure);
    const runs = await liveNow(attempt);
    return await needsOperator(attempt, failure, error.reason, error.message, runs);
  }
  await attempt.step("brought-back");

  if (attempt.journal.recoveries > MAX_RECOVERIES) {
    const detail = "the machine went down each time the version before was started";
    return await needsOperator(attempt, failure, "ROLLBACK_FAILED", detail, restored.checksum);
  }
  const watched = attempt.watched(signal);
  if (watched !== null) {
    const problem = await bringBackUp(attempt, watched);
    if (problem !== null) {
      return await needsOperator(attempt, failure, "ROLLBACK_FAILED", problem, restored.checksum);
    }
  }
  if (kind === "update" && deps.trust.state.revoked.includes(restored.checksum)) {
    // It stays up: what to do about it is for a person to say, and a next release may heal it.
    await settle(attempt);
    const problem = `${restored.version ?? "the version before"} runs again, and it was revoked`;
    return await needsOperator(attempt, failure, "REVOKED", problem, restored.checksum);
  }
  await attempt.enterAnyway("rolled-back");
  await settle(attempt);
  await attempt.end({ ...failure, state: "rolled-back" }, restored.checksum);
  const { reason, detail } = failure;
  const { seq } = attempt.journal;
  return { state: "rolled-back", reason, detail, version, seq, restored: restored.version };
}

/** The end of a first installation that was not well: nothing is left of it but its denial. */
async function endFirst(attempt: Attempt, failure: Failure): Promise<UpdateOutcome> {
  const { version, seq } = attempt.journal;
  try {
    await takeAway(attempt);
  } catch (error) {
    if (!(error instanceof SyncError)) throw error;
    const runs = await liveNow(attempt);
    return await needsOperator(attempt, failure, error.reason, error.message, runs);
  }
  await attempt.enterAnyway("rolled-back");
  await attempt.end({ ...failure, state: "rolled-back" }, null);
  const { reason, detail } = failure;
  return { state: "rolled-back", reason, detail, version, seq, restored: null };
}

/** For people: what they had put there is not where they left it. */
function withForeign(failure: Failure, path: string): Failure {
  const kept = `the binary that somebody had put there meanwhile is kept as "${path}"`;
  return { ...failure, detail: `${failure.detail}; ${kept}` };
}

/** What lies at the live path now, whose ever it is; null if nothing does, or nobody can tell. */
async function liveNow({ live }: Attempt): Promise<string | null> {
  return (await hashFile(live).catch(() => null))?.sha256 ?? null;
}

/** How often an attempt is taken up again before the machine itself is taken for the sign. */
export const MAX_RECOVERIES = 2;

/** For a journal that should say why, and does not. */
export const NO_FAILURE: Failure = { reason: "INTERRUPTED", detail: "It was interrupted", log: [] };

/** Whether a failure says something about the binary, so that it is never tried here again. */
function isOfTheBinary(reason: ReasonCode): boolean {
  return !OF_THE_MACHINE.has(reason);
}

const OF_THE_MACHINE: ReadonlySet<ReasonCode> = new Set<ReasonCode>([
  ...(["SUPERVISOR_UNREACHABLE", "SERVICE_UNKNOWN"] as const),
  ...(["SWAP_FAILED", "DISK_FULL", "FOLDER_NOT_WRITABLE"] as const),
]);

/** Starts the version before and waits until it is well. @returns What is wrong, or null. */
async function bringBackUp(attempt: Attempt, watched: Watched): Promise<string | null> {
  let problem = "";
  // A second try, for a port or a lock that the version that failed let go of too late.
  for (let left = 2; left > 0; left -= 1) {
    // Right after a restart the process before may still be told: taken for the new one, it would
    // seem to have been restarted once more, and be restarted for that.
    const pidBefore = await pidNow(watched);
    try {
      await restartService({ ...watched, signal: new AbortController().signal });
    } catch (error) {
      if (!(error instanceof SyncError)) throw error;
      problem = error.message;
      continue;
    }
    await attempt.step("old-restarted");
    const verdict = await passGate(watched, pidBefore).catch(async (error: unknown) => {
      // A stop in order, which the next start does not count as an outage.
      if (watched.signal.aborted) await attempt.amend({ isStoppedInOrder: true });
      throw error;
    });
    if (verdict.ok) return null;
    problem = verdict.detail;
  }
  return problem;
}

/** The process that is about to be ended, if the supervisor says so at once; else null. */
async function pidNow({ supervisor, service }: Watched): Promise<number | null> {
  const patience = childSignal(new AbortController().signal, PATIENCE_MS);
  try {
    // It stays, and is the one to be found well.
    if (await supervisor.isCurrent?.(service, patience.signal)) return null;
    return (await supervisor.inspect(service, patience.signal)).pid;
  } catch {
    // The restart says what is wrong with the supervisor, if it still is.
    return null;
  } finally {
    patience.end();
  }
}

async function needsOperator(
  attempt: Attempt,
  failure: Failure,
  reason: ReasonCode,
  problem: string,
  runs: string | null,
): Promise<UpdateOutcome> {
  const { deps, subsystem } = attempt;
  const { version, seq } = attempt.journal;
  const then = reason === "REVOKED" ? problem : `then the way back failed: ${problem}`;
  const detail = `${failure.reason}: ${failure.detail}; ${then}`;
  deps.log(`${subsystem.name}: ${reason}: ${detail}. Somebody has to come`);
  const log = [...failure.log, ...(await newestLines(attempt))].slice(-LOG_LINES);
  await attempt.enterAnyway("needs-operator", { failure: { reason, detail, log } });
  await attempt.end({ state: "needs-operator", reason, detail, log }, runs);
  return { state: "needs-operator", reason, detail, version, seq };
}

/** The service's newest lines, if the supervisor has them at once: the way back does not wait. */
async function newestLines({ deps, subsystem }: Attempt): Promise<readonly string[]> {
  if (subsystem.service === null) return [];
  const patience = childSignal(new AbortController().signal, PATIENCE_MS);
  try {
    return await deps.supervisor.logs(subsystem.service, LOG_LINES, patience.signal);
  } catch {
    return [];
  } finally {
    patience.end();
  }
}

const LOG_LINES = 50;
// For what is only good to know: the way back does not wait for it.
const PATIENCE_MS = 500;
