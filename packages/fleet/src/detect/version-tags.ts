/** Which tags are versions of a subsystem. */
import semver from "semver";
import type { RemoteRef } from "./list-refs.js";

const TAGS = "refs/tags/";

/** A tag that names a version. */
export interface VersionTag {
  /** Without `refs/tags/`. */
  readonly name: string;
  readonly version: semver.SemVer;
  readonly oid: string;
  readonly commit: string;
}

/** The prefix to ask a remote for. */
export function tagRefPrefix(tagPrefix: string): string {
  return `${TAGS}${tagPrefix}`;
}

/**
 * Reads the version of a tag of the family that `tagPrefix` names: exactly the prefix, then a semantic
 * version (semver.org). Null for everything else: floating tags such as `v2`, other families such as
 * `v-desktop-1.0.0`. Nothing is guessed, as a guess may be higher than every real version.
 */
export function versionOfTag(tag: string, tagPrefix: string): semver.SemVer | null {
  if (!tag.startsWith(tagPrefix)) return null;
  const rest = tag.slice(tagPrefix.length);
  // semver itself would take another "v" or "=" in front of it, and spaces around it.
  return /^\d\S*$/.test(rest) ? semver.parse(rest) : null;
}

/** Says whether a text is a semantic version as it stands: digits first. */
export function isSemver(text: string): boolean {
  return versionOfTag(text, "") !== null;
}

/** Takes the tags of a family out of a listing: versions, and the names that are none. */
export function readVersionTags(
  refs: readonly RemoteRef[],
  tagPrefix: string,
): { readonly versions: readonly VersionTag[]; readonly unreadable: readonly string[] } {
  const versions: VersionTag[] = [];
  const unreadable: string[] = [];
  for (const { name, oid, commit } of refs) {
    if (!name.startsWith(`${TAGS}${tagPrefix}`)) continue;
    const tag = name.slice(TAGS.length);
    const version = versionOfTag(tag, tagPrefix);
    if (version === null) unreadable.push(tag);
    else versions.push({ name: tag, version, oid, commit });
  }
  return { versions, unreadable };
}

/** Highest first; versions that differ in their build metadata alone by that. */
export function byVersionDown(a: VersionTag, b: VersionTag): number {
  return semver.compareBuild(b.version, a.version);
}
