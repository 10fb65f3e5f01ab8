import semver from "semver";
import { isSemanticVersion } from "./is-semantic-version.js";
import type { UpdateClass } from "./release-manifest.js";

/**
 * Says how far apart two versions are, in either direction: going back by a major version is as
 * far as going forward. Equal versions, or ones that differ in build metadata only, are a patch
 * apart.
 *
 * 0.x counts one step further, since there a minor version may break what the one before could do
 * (semver.org, clause 4). A prerelease counts as the release that it prepares.
 *
 * @returns Null if one of them is no semantic version (`v1.2.3`, a commit): a person decides.
 *
 * @example
 * updateClass("2.10.24", "2.10.25") // "patch"
 * updateClass("0.4.1", "0.5.0") // "major"
 */
export function updateClass(from: string, to: string): UpdateClass | null {
  if (!isSemanticVersion(from) || !isSemanticVersion(to)) return null;
  const [a, b] = [new semver.SemVer(from), new semver.SemVer(to)];
  if (a.major !== b.major) return "major";
  const difference = a.minor !== b.minor ? "minor" : a.patch !== b.patch ? "patch" : prepared(a, b);
  if (a.major > 0) return difference;
  return difference === "patch" && a.compare(b) !== 0 ? "minor" : further(difference);
}

/** Of two prereleases of one release, or of that release and a prerelease of it. */
function prepared(a: semver.SemVer, b: semver.SemVer): UpdateClass {
  if (a.compare(b) === 0 || a.patch > 0) return "patch";
  return a.minor > 0 ? "minor" : "major";
}

function further(difference: UpdateClass): UpdateClass {
  return difference === "patch" ? "patch" : "major";
}
