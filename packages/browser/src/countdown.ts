/**
 * The time that is left before a page loads itself again. Goes by the clock, not by the number of
 * calls; while it is held, it stands.
 *
 * ```text
 *   counting ── held ──> standing            (same time left)
 *      │  <── free ──────┘
 *      ├── hidden, or no call for 5 s (asleep, frozen) ──> away
 *      │                                                    │ visible again: at least 20 s left
 *      └────────────────────────────────────────────────────┘
 * ```
 */
export type Countdown = (now: number, isHeld: boolean, isHidden: boolean) => number;

// Time enough to come back to a page, to read one line and to press a key.
const RETURN_MS = 20_000;
// Calls come four times a second; a machine that slept makes none, and tells nobody that it did.
const ASLEEP_MS = 5_000;

/**
 * Starts a countdown.
 *
 * @param totalMs Where it starts.
 * @param at The time now, in ms since epoch.
 * @returns A function to be called a few times a second: it gives the ms that are left, 0 or less
 *   when it is over.
 */
export function countdown(totalMs: number, at: number): Countdown {
  let leftMs = totalMs;
  let wasAway = false;
  return (now, isHeld, isHidden) => {
    const passedMs = now - at;
    at = now;
    const isAway = isHidden || passedMs > ASLEEP_MS;
    if (isAway || wasAway) leftMs = Math.max(leftMs, Math.min(totalMs, RETURN_MS));
    // A clock that was set back gives no time.
    else if (!isHeld && passedMs > 0) leftMs -= passedMs;
    wasAway = isAway;
    return leftMs;
  };
}
