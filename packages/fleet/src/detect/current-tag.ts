import semver from "semver";
import type { CurrentVersion } from "./current-version.js";
import type { SeenTag } from "./upstream-memory.js";
import { versionOfTag } from "./version-tags.js";

/** The tag that a machine has. */
export interface CurrentTag {
  readonly name: string;
  readonly version: semver.SemVer;
}

/**
 * Gives the tag of what a machine has, or null if it is none that is known.
 *
 * By the version, where `.version` has one, `1.0.65` and `v1.0.65` being the same; else by the commit,
 * which may be short, and then the highest version of those that name it.
 */
export function currentTag(
  { version, commit }: CurrentVersion,
  tags: Readonly<Record<string, SeenTag>>,
  tagPrefix: string,
): CurrentTag | null {
  const known = Object.entries(tags).flatMap(([name, seen]) => {
    const parsed = versionOfTag(name, tagPrefix);
    return parsed === null ? [] : [{ name, version: parsed, seen }];
  });
  if (version !== null) {
    const named = versionOfTag(version, tagPrefix) ?? semver.parse(version);
    if (named !== null) {
      const tag = known.find((one) => semver.compareBuild(one.version, named) === 0);
      return { name: tag?.name ?? `${tagPrefix}${named.raw.replace(/^v/, "")}`, version: named };
    }
  }
  if (commit === null) return null;
  const ofCommit = known.filter(
    ({ seen }) => seen.commit.startsWith(commit) || seen.oid.startsWith(commit),
  );
  const [highest] = ofCommit.sort((a, b) => semver.compareBuild(b.version, a.version));
  return highest === undefined ? null : { name: highest.name, version: highest.version };
}
