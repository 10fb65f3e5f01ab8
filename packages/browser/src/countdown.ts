// Time enough to come back to a page, to read one line and to press a key; and the next call, which
// may be one of the last that a hidden page is granted, may take up to 5 s of it.
const RETURN_MS = 25_000;
// Calls come four times a second; a machine that slept makes none, and tells nobody that it did.
const ASLEEP_MS = 5_000;

/**
 * The time that is left before a page loads itself again. Goes by the clock, not by the number of
 * calls; while it is held, it stands.
 *
 * ```text
 *   counting ── held ──> standing            (same time left)
 *      │  <── free ──────┘
 *      ├── hidden, or no call for 5 s (asleep, frozen, clock set) ──> away
 *      │                                                              │ back: at least 20 s left
 *      └──────────────────────────────────────────────────────────────┘
 * ```
 *
 * @param leftMs What the last call gave.
 * @param passedMs The time since then, by the clock.
 * @returns The time that is left; 0 or less: it is over.
 */
export const countDown = (
  leftMs: number,
  totalMs: number,
  passedMs: number,
  isHeld: boolean,
  isHidden: boolean,
): number =>
  isHidden || Math.abs(passedMs) > ASLEEP_MS
    ? Math.max(leftMs, Math.min(totalMs, RETURN_MS))
    : leftMs - (isHeld ? 0 : passedMs);
