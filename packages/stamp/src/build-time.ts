import type { Env } from "./ci.js";

/** The moments that a build time is chosen from. */
export interface BuildTimes {
  /** ms since epoch, or null outside a repository. */
  readonly commitTime: number | null;
  readonly isDirty: boolean;
  /** ms since epoch. */
  readonly now: number;
}

/**
 * Gives the build's time in ms since epoch: `SOURCE_DATE_EPOCH`, else the commit's time when the
 * commit holds all that was built, else the clock. The same sources therefore get the same time.
 *
 * @throws {RangeError} If `SOURCE_DATE_EPOCH` is set and is not a whole number of seconds.
 * @see https://reproducible-builds.org/specs/source-date-epoch/
 */
export function buildTime(env: Env, { commitTime, isDirty, now }: BuildTimes): number {
  const epoch = env.SOURCE_DATE_EPOCH?.trim();
  if (epoch) {
    if (/^\d{1,12}$/.test(epoch)) return Number(epoch) * 1000;
    throw new RangeError(
      `Cannot use SOURCE_DATE_EPOCH as the build time: expected whole seconds since 1970, got "${epoch}"`,
    );
  }
  return commitTime !== null && !isDirty ? commitTime : now;
}
