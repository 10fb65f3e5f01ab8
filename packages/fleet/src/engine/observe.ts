import { pause } from "../supervise/pause.js";
import { type ServiceState, type Supervisor, SupervisorError } from "../supervise/supervisor.js";

/** What is watched, and for how long. */
export interface Observation {
  readonly supervisor: Supervisor;
  readonly service: string;
  readonly forMs: number;
  readonly signal: AbortSignal;
}

/**
 * Follows a service until something is decided or the time is up.
 *
 * It goes by what the supervisor pushes; where that fails, it looks again every half second. Only
 * timers count the time, never the clock, so that a clock that is set ends nothing early.
 *
 * @param on.state Called for every state; what it gives other than null is the result.
 * @param on.unknown Called if the supervisor has no such service (any more).
 * @param on.end Called when the time is up, with the last state heard, null if there was none.
 * @throws The signal's reason when it aborts.
 */
export async function observe<T>(
  { supervisor, service, forMs, signal }: Observation,
  on: {
    readonly state: (state: ServiceState) => T | null;
    readonly unknown: () => T;
    readonly end: (last: ServiceState | null) => T | Promise<T>;
  },
): Promise<T> {
  signal.throwIfAborted();
  const watching = new AbortController();
  let last: ServiceState | null = null;
  let timer: NodeJS.Timeout | undefined;
  let onAbort = () => {};
  try {
    return await new Promise<T>((resolve, reject) => {
      onAbort = () => reject(signal.reason);
      signal.addEventListener("abort", onAbort);
      timer = setTimeout(() => {
        Promise.resolve(on.end(last)).then(resolve, reject);
      }, forMs);
      const hear = (state: ServiceState) => {
        if (watching.signal.aborted) return;
        last = state;
        const result = on.state(state);
        if (result !== null) resolve(result);
      };
      void follow(supervisor, service, hear, watching.signal).catch((error: unknown) => {
        if (isUnknownService(error)) resolve(on.unknown());
        else reject(error);
      });
    });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
    watching.abort();
  }
}

async function follow(
  supervisor: Supervisor,
  service: string,
  hear: (state: ServiceState) => void,
  signal: AbortSignal,
): Promise<void> {
  try {
    await supervisor.watch(service, hear, signal);
  } catch (error) {
    if (isUnknownService(error)) throw error;
  }
  while (!signal.aborted) {
    try {
      hear(await supervisor.inspect(service, signal));
    } catch (error) {
      if (isUnknownService(error)) throw error;
      // Unreachable for now: whoever watches decides by the time that is left.
    }
    await pause(LOOK_EVERY_MS, signal);
  }
}

const LOOK_EVERY_MS = 500;

function isUnknownService(error: unknown): boolean {
  return error instanceof SupervisorError && error.kind === "unknown-service";
}
