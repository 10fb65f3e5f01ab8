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
 * `needs-operator`. Needs neither network nor ledger, and waits for nobody's lock before the version
 * before runs. A binary that somebody has put there meanwhile is never lost: it makes room where a
 * version before can come up, and stays where none can.
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
  const failure = attempt.journal.failure ?? NO_FAILURE;
  try {
    const end = await goBack(attempt, failure, signal);
    // Last, as it waits for whoever writes such a file just now; it is done before the journal says
    // that the way back has ended, so that a crash in between only puts it off.
    await note(attempt, failure, signal);
    return await tell(attempt, end);
  } catch (error) {
    // A stop in order, which the next start does not count as an outage.
    if (signal.aborted) await attempt.amend({ isStoppedInOrder: true });
    throw error;
  }
}

/** What the way back came to. */
type End = { readonly failure: Failure } & (
  | {
      readonly state: "rolled-back";
      /** Of what is live again; null if nothing was before. */
      readonly restored: VersionFile | null;
    }
  | {
      readonly state: "needs-operator";
      readonly reason: ReasonCode;
      readonly problem: string;
      /** sha256 of what is live now; null if nothing is. */
      readonly runs: string | null;
    }
);

async function goBack(attempt: Attempt, before: Failure, signal: AbortSignal): Promise<End> {
  const { deps, journal } = attempt;
  const { kind, from } = journal;
  let failure = before;
  const stuck = (reason: ReasonCode, problem: string, runs: string | null): End => ({
    ...{ state: "needs-operator", failure, reason, problem, runs },
  });

  let restored: VersionFile;
  try {
    const { record, foreign } = await restoreLive(attempt);
    restored = record;
    if (foreign !== null) failure = withForeign(failure, foreign);
  } catch (error) {
    if (!(error instanceof SyncError)) throw error;
    const { reason, message } = error;
    if (kind !== "update" || from !== null || reason !== "NO_PREVIOUS") {
      return stuck(reason, message, await liveNow(attempt));
    }
    // A first installation that was not well: nothing is left of it but its denial.
    try {
      await takeAway(attempt, signal);
      return { state: "rolled-back", failure, restored: null };
    } catch (error) {
      if (!(error instanceof SyncError)) throw error;
      return stuck(error.reason, error.message, await liveNow(attempt));
    }
  }
  await attempt.step("brought-back");

  const runs = restored.checksum;
  if (journal.recoveries > MAX_RECOVERIES) {
    const problem = "the machine went down each time the version before was started";
    return stuck("ROLLBACK_FAILED", problem, runs);
  }
  const watched = attempt.watched(signal);
  const problem = watched === null ? null : await bringBackUp(attempt, watched);
  if (problem !== null) return stuck("ROLLBACK_FAILED", problem, runs);
  if (kind === "update" && deps.trust.state.revoked.includes(runs)) {
    // It stays up: what to do about it is for a person to say, and a next release may heal it.
    await settle(attempt);
    const what = restored.version ?? "the version before";
    return stuck("REVOKED", `${what} runs again, and it was revoked`, runs);
  }
  return { state: "rolled-back", failure, restored };
}

/** Writes down for the next try why this one came to nothing: a binary that is not well has had its last. */
async function note(attempt: Attempt, { reason }: Failure, signal: AbortSignal): Promise<void> {
  const { deps, subsystem, state } = attempt;
  const { kind, to, version, startedAt } = attempt.journal;
  if (kind !== "update") return;
  if (isOfTheBinary(reason)) {
    const denial = { subsystem: subsystem.name, version, reason, at: deps.now() };
    await despiteDisk(deps.log, () => deny(state, [to.checksum], denial, signal));
    await attempt.step("denied");
  } else {
    await despiteDisk(deps.log, () =>
      noteFailure(state, subsystem.name, startedAt, reason, signal),
    );
  }
}

async function tell(attempt: Attempt, end: End): Promise<UpdateOutcome> {
  if (end.state === "needs-operator") return await needsOperator(attempt, end);
  const { failure, restored } = end;
  await attempt.enterAnyway("rolled-back");
  if (restored !== null) await settle(attempt);
  await attempt.end({ ...failure, state: "rolled-back" }, restored?.checksum ?? null);
  const { reason, detail } = failure;
  const { version, seq } = attempt.journal;
  const before = restored?.version ?? null;
  return { state: "rolled-back", reason, detail, version, seq, restored: before };
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
    const verdict = await passGate(watched, pidBefore);
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
  { failure, reason, problem, runs }: Extract<End, { state: "needs-operator" }>,
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
