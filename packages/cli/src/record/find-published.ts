/** The stamp of the build that an address serves, once it is the build of the commit at hand. */
import { type BuildStamp, shortCommit } from "@tideline/version";
import { CommandError } from "../command-error.js";
import { type Clock, REAL_CLOCK } from "./clock.js";
import type { FoundStamp } from "./find-stamp.js";
import { type LookAt, lookOnce } from "./look-once.js";
import type { Sight } from "./published-stamp.js";

/** How to look for it. */
export interface FindPublishedOptions {
  /** The commit whose build is looked for; null takes whichever is served. */
  readonly commit: string | null;
  /** Whether to wait for it; else one look is all. */
  readonly isAwaited: boolean;
  /** How long that takes at most, whatever a look does. */
  readonly timeoutMs: number;
  readonly intervalMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly look?: LookAt | undefined;
  readonly clock?: Clock;
}

/**
 * Looks at an address until it serves a build of the commit. Without this a job that comes before
 * the last of its servers has switched would record the old build as its own.
 *
 * @throws {CommandError} `failed`, if it serves another one, or none, when the time is over;
 *   `interrupted` by the signal.
 */
export async function findPublished(
  address: string,
  options: FindPublishedOptions,
): Promise<FoundStamp> {
  const { commit, isAwaited, timeoutMs, intervalMs, signal, look, clock = REAL_CLOCK } = options;
  const end = clock.now() + timeoutMs;
  let sight: Sight | null = null;
  try {
    for (;;) {
      const withinMs = Math.max(0, end - clock.now());
      const round = await lookOnce([address], { withinMs, signal, look, clock });
      // A look that was cut short says less than the one before.
      if (sight === null || !round.isCutShort) [sight] = round.sights as readonly [Sight];
      if (sight.stamp !== null && isOf(sight.stamp, commit)) {
        return { stamp: sight.stamp, folder: null, isPublished: true, warnings: [] };
      }
      if (!isAwaited || clock.now() + intervalMs > end)
        throw new CommandError("failed", problemOf(sight));
      await clock.sleep(intervalMs, signal);

      function problemOf({ stamp, problem }: Sight): string {
        if (stamp === null) return `Cannot read which build is published: ${problem}`;
        return `Cannot record what is published: expected a build of commit ${shortCommit(commit ?? "")}, but ${address} serves ${stamp.version} (${shortCommit(stamp.gitCommit ?? "unknown")}), build ${stamp.buildId}`;
      }
    }
  } catch (cause) {
    if ((cause as Error).name !== "AbortError") throw cause;
    throw new CommandError("interrupted", `Stopped while waiting for ${address}`, { cause });
  }
}

/** A stamp without a commit cannot contradict. */
function isOf({ gitCommit }: BuildStamp, commit: string | null): boolean {
  return commit === null || gitCommit === null || gitCommit.startsWith(commit.toLowerCase());
}
