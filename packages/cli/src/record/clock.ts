import { setTimeout as sleep } from "node:timers/promises";

/** The time as those need it who look again and again. */
export interface Clock {
  readonly now: () => number;
  /** Ends early, by throwing, when the signal does. */
  readonly sleep: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
  /** Runs something later; gives what calls it off. */
  readonly after: (ms: number, run: () => void) => () => void;
}

/** The machine's own. */
export const REAL_CLOCK: Clock = {
  // Not the time of day, which may be set back while we wait.
  now: () => performance.now(),
  sleep: (ms, signal) => sleep(ms, undefined, signal ? { signal } : {}),
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};
