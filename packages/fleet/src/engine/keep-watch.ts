import { pause } from "../supervise/pause.js";
import type { ServiceState } from "../supervise/supervisor.js";
import { childSignal } from "./child-signal.js";
import { CHECK_EVERY_MS, runCheckTwice } from "./health-check.js";
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
 * Watches a service that passed its gate, for `health.soakMs`: the same process the whole time, never
 * not ready, and its own check passing.
 *
 * @returns As `passGate`.
 * @throws The signal's reason when it aborts.
 */
export async function keepWatch(watched: Watched, since: ServiceState): Promise<Verdict> {
  const { supervisor, service, health, signal } = watched;
  const checking = childSignal(signal);
  try {
    return await new Promise<Verdict>((resolve, reject) => {
      if (health.check !== null) {
        const every = Math.max(CHECK_EVERY_MS, health.soakMs / CHECKS_IN_SOAK);
        checkOverAndOver(watched, every, checking.signal).then(
          (problem) => problem !== null && resolve(checkFailed(service, problem)),
          reject,
        );
      }
      observe<Verdict>(
        { supervisor, service, forMs: health.soakMs, signal: checking.signal },
        {
          state: (state) => judge(service, since, state),
          unknown: () => unknownService(service),
          end: async () => {
            // A supervisor that has been away says nothing; what it says now is what counts.
            const state = await lookNow(watched);
            if ("ok" in state) return state;
            const verdict = judge(service, since, state);
            if (verdict !== null) return verdict;
            const problem =
              health.check && (await runCheckTwice(health.check, watched.fetch, signal));
            return problem ? checkFailed(service, problem) : { ok: true, state };
          },
        },
      ).then(resolve, reject);
    });
  } finally {
    checking.end();
  }
}

const CHECKS_IN_SOAK = 12;

function judge(service: string, since: ServiceState, state: ServiceState): Verdict | null {
  if (!state.isRunning) return exited(service, state);
  const restarted = flapped(service, since, state);
  if (restarted !== null) return restarted;
  if (state.isReady !== false) return null;
  return { ok: false, reason: "NOT_READY", detail: `"${service}" was ready and is no longer` };
}

/** Ends with what is wrong as soon as two checks in a row fail; with null when it is stopped. */
async function checkOverAndOver(
  { health, fetch }: Watched,
  everyMs: number,
  signal: AbortSignal,
): Promise<string | null> {
  if (health.check === null) return null;
  for (;;) {
    await pause(everyMs, signal);
    if (signal.aborted) return null;
    const problem = await runCheckTwice(health.check, fetch, signal);
    if (problem !== null && !signal.aborted) return problem;
  }
}
