/**
 * Semantic versions: the next one, and which of two is higher. They name builds for people and say
 * which container tag `latest` follows; what is up to date is decided by `judge`, never by these.
 * The only file that imports `semver`, behind a door of its own.
 */
import semver from "semver";

/** Which part of a version grows. */
export type BumpLevel = "patch" | "minor" | "major";

/** All levels, the smallest first. */
export const BUMP_LEVELS = ["patch", "minor", "major"] as const satisfies readonly BumpLevel[];

/**
 * Gives the version that follows another one. A prerelease is followed by the release that it
 * prepared; build metadata is dropped, since it said something about the old build.
 *
 * @throws {RangeError} If `version` is no semantic version (`v1.2.3` is none), or has no successor
 *   because a number in it is as large as a number may be.
 * @see https://semver.org
 *
 * @example
 * bumpVersion("4.20.5", "patch") // "4.20.6"
 * bumpVersion("4.21.0-rc.1", "minor") // "4.21.0"
 * bumpVersion("4.20.5+b7", "major") // "5.0.0"
 */
export function bumpVersion(version: string, level: BumpLevel): string {
  if (!BUMP_LEVELS.includes(level)) {
    throw new RangeError(
      `Cannot bump "${version}": expected one of ${BUMP_LEVELS.join(", ")}, got "${level}"`,
    );
  }
  const next = parse(version, "bump").inc(level).version;
  if (semver.valid(next) !== null) return next;
  throw new RangeError(
    `Cannot bump "${version}": expected numbers up to ${Number.MAX_SAFE_INTEGER - 1}, got "${version}"`,
  );
}

/**
 * Compares two versions by the precedence of SemVer: negative if `a` is lower than `b`, positive if
 * it is higher, 0 if neither is. A prerelease is lower than its release; build metadata counts for
 * nothing, so `1.0.0+a` and `1.0.0+b` give 0.
 *
 * @throws {RangeError} If one of them is no semantic version.
 *
 * @example
 * ["4.20.10", "4.20.9", "4.20.10-rc.1"].sort(compareVersions) // ["4.20.9", "4.20.10-rc.1", "4.20.10"]
 */
export function compareVersions(a: string, b: string): number {
  return parse(a, "compare").compare(parse(b, "compare"));
}

function parse(version: string, doing: string): semver.SemVer {
  // semver itself also takes "v1.2.3", "=1.2.3" and spaces around, which no tag or label may carry.
  const parsed = /^\d/.test(version) && !/\s/.test(version) ? semver.parse(version) : null;
  if (parsed !== null) return parsed;
  throw new RangeError(
    `Cannot ${doing} "${String(version).slice(0, 80)}": expected a semantic version such as "1.2.3", got "${String(version).slice(0, 80)}"`,
  );
}
