const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** What a duration has to look like, for the middle of a sentence. */
export const DURATION_FORM = 'a duration such as "30s", "10m", "24h" or "7d"';

/**
 * Gives the milliseconds of `"30s"`, `"10m"`, `"24h"`, `"7d"` or `"500ms"`; `0` needs no unit. Null
 * for anything else, also for a number without a unit, as nobody can know what was meant, and for
 * more than ten years.
 */
export function parseDuration(value: unknown): number | null {
  if (value === 0 || value === "0") return 0;
  if (typeof value !== "string") return null;
  const [, amount, unit] = /^(\d{1,9}(?:\.\d{1,3})?) ?(ms|s|m|h|d)$/.exec(value) ?? [];
  const factor = UNITS[unit ?? ""];
  if (amount === undefined || factor === undefined) return null;
  const ms = Math.round(Number(amount) * factor);
  return ms <= 10 * 366 * 86_400_000 ? ms : null;
}
