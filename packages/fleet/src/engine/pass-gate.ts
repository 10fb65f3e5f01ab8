import { pause } from "../supervise/pause.js";
import type { ServiceState } from "../supervise/supervisor.js";
import { childSignal } from "./child-signal.js";
import { CHECK_EVERY_MS, runCheck } from "./health-check.js";
import { observe } from "./observe.js";
import {
  checkFailed,
  exited,
  flapped,
  lookNow,
  unknownService,
  type Verdict,
  type Watched,
} from "./verdict.js";

/**
 * Waits until a restarted service is well: a new process, ready if it has a probe and alive if it has
 * none, not restarted by the supervisor meanwhile, and its own check passed.
 *
 * It begins when `restart` has returned, so that a service which does not run is one that ended.
 *
 * @param pidBefore The process that was ended; null if any process will do.
 * @returns The state that it was well in; `keepWatch` goes on from there. Else `EXITED`,
 *   `FLAPPING`, `NOT_READY`, `CHECK_FAILED`, `RESTART_FAILED` (the old process is still there),
 *   `SERVICE_UNKNOWN`, `SUPERVISOR_UNREACHABLE`.
 * @throws The signal's reason when it aborts.
 */
export async function passGate(watched: Watched, pidBefore: number | null): Promise<Verdict> {
  const { supervisor, service, health, signal } = watched;
  const checking = childSignal(signal);
  let first: ServiceState | null = null;
  let fewestRestarts = Number.POSITIVE_INFINITY;
  let lastProblem = "";
  let ended: NodeJS.Timeout | undefined;
  try {
    return await new Promise<Verdict>((resolve, reject) => {
      let isChecking = false;
      const check = async (state: ServiceState): Promise<void> => {
        if (isChecking || health.check === null) return;
        isChecking = true;
        // Tried again until the time is up: a service may be ready some moments before it answers.
        while (!checking.signal.aborted) {
          const problem = await runCheck(health.check, watched.fetch, checking.signal);
          if (problem === null) return resolve({ ok: true, state });
          lastProblem = problem;
          await pause(CHECK_EVERY_MS, checking.signal);
        }
      };
      observe<Verdict>(
        { supervisor, service, forMs: health.readyTimeoutMs, signal: checking.signal },
        {
          state: (state) => {
            if (state.pid === pidBefore && pidBefore !== null) return null;
            // One that ends at once may never be seen running, only being started over and over.
            if (state.restarts > fewestRestarts) {
              return restartedByItself(service, state, state.restarts - fewestRestarts);
            }
            fewestRestarts = state.restarts;
            if (!state.isRunning) {
              // The process that came up has ended, or there has been none: one more look decides,
              // for a supervisor may answer a moment before it has started the process.
              if (first !== null) return exited(service, state);
              ended ??= setTimeout(
                () => {
                  void stillEnded(watched).then((verdict) => verdict && resolve(verdict));
                },
                Math.min(START_GRACE_MS, health.readyTimeoutMs / 2),
              );
              return null;
            }
            clearTimeout(ended);
            ended = undefined;
            first ??= state;
            const restarted = flapped(service, first, state);
            if (restarted !== null) return restarted;
            if (state.isReady === false) return null;
            if (health.check === null) return { ok: true, state };
            void check(state).catch(reject);
            return null;
          },
          unknown: () => unknownService(service),
          end: (last) => atDeadline(watched, pidBefore, last, lastProblem),
        },
      ).then(resolve, reject);
    });
  } finally {
    clearTimeout(ended);
    checking.end();
  }
}

// A first answer of "not running" right after a restart is believed after this.
const START_GRACE_MS = 1_500;

/** @param times How often since it was restarted for the update. */
function restartedByItself(service: string, { exitCode }: ServiceState, times: number): Verdict {
  const last = exitCode === null ? "" : `, last with exit code ${exitCode}`;
  const detail = `"${service}" ended while it was started${last}; the supervisor has started it again ${times === 1 ? "once" : `${times} times`}`;
  return { ok: false, reason: "FLAPPING", detail };
}

async function stillEnded({ supervisor, service, signal }: Watched): Promise<Verdict | null> {
  try {
    const state = await supervisor.inspect(service, signal);
    return state.isRunning ? null : exited(service, state);
  } catch {
    // The supervisor is away: the deadline decides.
    return null;
  }
}

async function atDeadline(
  watched: Watched,
  pidBefore: number | null,
  last: ServiceState | null,
  lastProblem: string,
): Promise<Verdict> {
  const { service, health } = watched;
  const state = last ?? (await lookNow(watched));
  if ("ok" in state) return state;
  if (!state.isRunning) return exited(service, state);
  const within = `within ${health.readyTimeoutMs} ms`;
  if (state.pid === pidBefore && pidBefore !== null) {
    const detail = `"${service}" still is the process from before its restart, ${state.pid}, ${within}`;
    return { ok: false, reason: "RESTART_FAILED", detail };
  }
  if (state.isReady !== false && health.check === null) return { ok: true, state };
  if (state.isReady !== false) return checkFailed(service, lastProblem || `no answer ${within}`);
  return { ok: false, reason: "NOT_READY", detail: `"${service}" was not ready ${within}` };
}
