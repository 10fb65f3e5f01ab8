/** Time, as a watch needs it. Tests pass their own. */
export interface WatchClock {
  /** ms since epoch. */
  now(): number;
  /** Calls back once after `delayMs`. There is no calling it off: a watch ignores what came too late. */
  after(delayMs: number, callback: () => void): void;
}

/** The real clock. */
export const systemClock: WatchClock = {
  now: () => Date.now(),
  after: (delayMs, callback) => {
    setTimeout(callback, delayMs);
  },
};
