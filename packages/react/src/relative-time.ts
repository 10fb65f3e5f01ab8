const STEPS = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
] as const;

/**
 * Says how long ago a moment was, in words ("2 minutes ago", "yesterday", "now").
 *
 * @param ageMs How long ago, in ms. Below a minute, and for a moment ahead of this clock: "now".
 * @param locale @default the browser's
 */
export function relativeTime(ageMs: number, locale?: string): string {
  const format = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  for (const [unit, unitMs] of STEPS) {
    if (ageMs >= unitMs) return format.format(-Math.floor(ageMs / unitMs), unit);
  }
  return format.format(0, "second");
}
