/** Time, as a watch needs it. Tests pass their own. */
export interface WatchClock {
  /** ms since epoch. */
  now(): number;
  /** Calls back once after `delayMs`; the returned function calls it off. */
  after(delayMs: number, callback: () => void): () => void;
}

/** The real clock. */
export const systemClock: WatchClock = {
  now: () => Date.now(),
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};
