/**
 * Says since when something is too young, or null if it is old enough.
 *
 * @param at When it came into being as far as is known, ms since epoch; null if it is not known, which
 *   stops nothing. A time that lies ahead, by a clock that is wrong, counts as now.
 */
export function tooYoung(
  name: string,
  at: number | null,
  minimumAgeMs: number,
  now: number,
): string | null {
  if (at === null || now - at >= minimumAgeMs) return null;
  const until = new Date(Math.min(at, now) + minimumAgeMs).toISOString();
  return `${name} is taken from ${until} on, when it is old enough`;
}
