const FORMAT = new Intl.RelativeTimeFormat("en", { numeric: "always" });
const STEPS = [
  ["second", 60],
  ["minute", 60],
  ["hour", 24],
  ["day", 7],
  ["week", 5],
] as const;
const DATE = new Intl.DateTimeFormat("en", { dateStyle: "medium" });

/**
 * Says how long ago a moment was: "just now", "2 minutes ago", and its date when it is months ago.
 *
 * @param at ms since epoch. A moment ahead of `now`, by another machine's clock, is "just now".
 * @param now ms since epoch.
 */
export function relativeTime(at: number, now: number): string {
  let length = Math.floor((now - at) / 1000);
  if (length < 5) return "just now";
  for (const [unit, size] of STEPS) {
    if (length < size) return FORMAT.format(-length, unit);
    length = Math.floor(length / size);
  }
  return DATE.format(at);
}
