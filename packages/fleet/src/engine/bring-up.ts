import type { ReasonCode } from "@tideline/version/fleet";
import { SyncError } from "../sync-error.js";
import type { Attempt } from "./attempt.js";
import { runCheck } from "./health-check.js";
import { keepWatch } from "./keep-watch.js";
import { passGate } from "./pass-gate.js";
import { restartService } from "./restart-service.js";
import type { Verdict } from "./verdict.js";

/** Why the new version is taken back; null: it is well. */
export type Illness = { readonly reason: ReasonCode; readonly detail: string } | null;

/**
 * Restarts the service with the new binary and waits until it is well: `restarting`, `gating`.
 *
 * @param isRestarted True if it runs the new binary already, as after a crash while it was watched.
 * @returns What {@link soak} goes on from, or what is wrong.
 * @throws The signal's reason when it aborts; the attempt is then taken up again at the next start.
 */
export async function bringUp(
  attempt: Attempt,
  { isRestarted, signal }: { readonly isRestarted: boolean; readonly signal: AbortSignal },
): Promise<Verdict | { readonly ok: true; readonly state: null }> {
  const watched = attempt.watched(signal);
  if (watched === null) return await checkTool(attempt, signal);
  if (!isRestarted) {
    await attempt.enter("restarting");
    try {
      // Not stopped halfway: a new binary under an old process is what nobody wants to find.
      await restartService({ ...watched, signal: new AbortController().signal });
    } catch (error) {
      if (!(error instanceof SyncError)) throw error;
      return { ok: false, reason: error.reason, detail: error.message };
    }
    await attempt.step("restarted");
  }
  await attempt.enter("gating");
  return await passGate(watched, isRestarted ? null : attempt.journal.pidBefore);
}

/** Watches what {@link bringUp} has brought up: `soaking`. */
export async function soak(
  attempt: Attempt,
  since: Extract<Verdict, { ok: true }>["state"] | null,
  signal: AbortSignal,
): Promise<Illness> {
  const watched = attempt.watched(signal);
  if (watched === null || since === null) return null;
  await attempt.enter("soaking");
  attempt.tell("soaking", attempt.journal.to.checksum);
  const verdict = await keepWatch(watched, since);
  return verdict.ok ? null : verdict;
}

/** Nothing runs a tool; its own check, if it has one, says whether it is well. */
async function checkTool(
  { deps, subsystem }: Attempt,
  signal: AbortSignal,
): Promise<Verdict | { readonly ok: true; readonly state: null }> {
  const { check } = subsystem.health;
  const problem = check === null ? null : await runCheck(check, deps.fetch, signal);
  if (problem === null) return { ok: true, state: null };
  const detail = `The health check of "${subsystem.name}" failed: ${problem}`;
  return { ok: false, reason: "CHECK_FAILED", detail };
}
