/**
 * Whether a service is well after its restart, and stays so. Only what this machine says of this
 * service counts: never the ledger, never the network beyond the subsystem's own check.
 */
import type { ReasonCode } from "@tideline/version/fleet";
import type { HealthConfig } from "../config/sync-config.js";
import { pause } from "../supervise/pause.js";
import { type ServiceState, type Supervisor, SupervisorError } from "../supervise/supervisor.js";
import { childSignal } from "./child-signal.js";
import { runCheck } from "./health-check.js";
import { observe } from "./observe.js";

/** What came of watching a service. */
export type Verdict =
  | { readonly ok: true; readonly state: ServiceState }
  | { readonly ok: false; readonly reason: ReasonCode; readonly detail: string };

/** What is watched. */
export interface Watched {
  readonly supervisor: Supervisor;
  readonly service: string;
  readonly health: HealthConfig;
  readonly fetch: typeof globalThis.fetch;
  readonly signal: AbortSignal;
}

/**
 * Waits until a restarted service is well: a new process, ready if it has a probe and alive if it has
 * none, not restarted by the supervisor meanwhile, and its own check passed.
 *
 * It begins when `restart` has returned, so that a service which does not run is one that ended.
 *
 * @param pidBefore The process that was ended; null if any process will do.
 * @returns The state that it was well in; {@link keepWatch} goes on from there. Else `EXITED`,
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
            if (state.restarts > fewestRestarts) return restartedByItself(service, state);
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

/**
 * Watches a service that passed its gate, for `health.soakMs`: the same process the whole time, never
 * not ready, and its own check passing.
 *
 * @returns As {@link passGate}.
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

// A first answer of "not running" right after a restart is believed after this.
const START_GRACE_MS = 1_500;
const CHECK_EVERY_MS = 250;
const CHECKS_IN_SOAK = 12;

function judge(service: string, since: ServiceState, state: ServiceState): Verdict | null {
  if (!state.isRunning) return exited(service, state);
  const restarted = flapped(service, since, state);
  if (restarted !== null) return restarted;
  if (state.isReady !== false) return null;
  return { ok: false, reason: "NOT_READY", detail: `"${service}" was ready and is no longer` };
}

function flapped(service: string, first: ServiceState, state: ServiceState): Verdict | null {
  if (state.pid === first.pid && state.restarts <= first.restarts) return null;
  const detail = `"${service}" was restarted while it was watched: process ${first.pid}, then ${state.pid}`;
  return { ok: false, reason: "FLAPPING", detail };
}

function restartedByItself(service: string, { restarts, exitCode }: ServiceState): Verdict {
  const last = exitCode === null ? "" : `, last with exit code ${exitCode}`;
  const detail = `"${service}" ended while it was started${last}; the supervisor has started it again ${restarts} times`;
  return { ok: false, reason: "FLAPPING", detail };
}

function exited(service: string, { exitCode }: ServiceState): Verdict {
  const detail = `"${service}" ended${exitCode === null ? "" : ` with exit code ${exitCode}`}`;
  return { ok: false, reason: "EXITED", detail };
}

function unknownService(service: string): Verdict {
  const detail = `The supervisor has no service "${service}" any more`;
  return { ok: false, reason: "SERVICE_UNKNOWN", detail };
}

function checkFailed(service: string, problem: string): Verdict {
  const detail = `The health check of "${service}" failed: ${problem}`;
  return { ok: false, reason: "CHECK_FAILED", detail };
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

/** Looks until the supervisor answers, for as long as a service may take to become ready. */
async function lookNow({
  supervisor,
  service,
  health,
  signal,
}: Watched): Promise<ServiceState | Verdict> {
  const tries = Math.max(1, Math.ceil(health.readyTimeoutMs / LOOK_EVERY_MS));
  for (let left = tries; ; left -= 1) {
    signal.throwIfAborted();
    try {
      return await supervisor.inspect(service, signal);
    } catch (error) {
      if (!(error instanceof SupervisorError)) throw error;
      if (error.kind === "unknown-service") return unknownService(service);
      if (left <= 1) return { ok: false, reason: "SUPERVISOR_UNREACHABLE", detail: error.message };
    }
    await pause(LOOK_EVERY_MS, signal);
  }
}

const LOOK_EVERY_MS = 250;

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

/** One answer that was lost is no illness. */
async function runCheckTwice(
  check: NonNullable<HealthConfig["check"]>,
  fetch: typeof globalThis.fetch,
  signal: AbortSignal,
): Promise<string | null> {
  if ((await runCheck(check, fetch, signal)) === null) return null;
  await pause(CHECK_EVERY_MS, signal);
  return await runCheck(check, fetch, signal);
}
