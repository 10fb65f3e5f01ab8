/** How often each key may do something. */
export interface RateLimit {
  /** Counts one; the answer says how long to wait if it was one too many (and is not counted). */
  take(key: string): { readonly ok: true } | { readonly ok: false; readonly retryAfterMs: number };
}

/**
 * Allows `limit` in any span of `windowMs`, for each key by itself.
 *
 * @param now ms of any clock that does not go back.
 */
export function createRateLimit({
  limit,
  windowMs,
  now,
}: {
  readonly limit: number;
  readonly windowMs: number;
  readonly now: () => number;
}): RateLimit {
  const taken = new Map<string, number[]>();
  return {
    take(key) {
      const at = now();
      const recent = (taken.get(key) ?? []).filter((time) => time > at - windowMs);
      taken.set(key, recent);
      const [oldest] = recent;
      if (recent.length >= limit && oldest !== undefined) {
        return { ok: false, retryAfterMs: oldest + windowMs - at };
      }
      recent.push(at);
      return { ok: true };
    },
  };
}
