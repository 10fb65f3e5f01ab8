/**
 * Reads how long a host wants to be left alone: `retry-after` in seconds or as a date (RFC 9110,
 * 10.2.3), else `x-ratelimit-reset` (seconds since epoch) where nothing remains of its quota.
 *
 * @param now ms since epoch.
 * @returns ms, at least 0; null if it says nothing.
 */
export function retryAfterMs(headers: Headers, now: number): number | null {
  const after = headers.get("retry-after")?.trim();
  if (after !== undefined && /^\d{1,9}$/.test(after)) return Number(after) * 1000;
  const date = after === undefined ? Number.NaN : Date.parse(after);
  if (!Number.isNaN(date)) return Math.max(0, date - now);
  const reset = headers.get("x-ratelimit-reset")?.trim() ?? "";
  if (headers.get("x-ratelimit-remaining")?.trim() !== "0" || !/^\d{1,12}$/.test(reset))
    return null;
  return Math.max(0, Number(reset) * 1000 - now);
}
