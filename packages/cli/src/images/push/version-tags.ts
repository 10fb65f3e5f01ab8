import { compareVersions } from "@tideline/version/bump";
import { isPrerelease, isVersion } from "./decide-latest.js";

/** A tag that names a release. */
export interface VersionTag {
  readonly tag: string;
  readonly version: string;
}

/** Gives the tags that name a release of this service, the highest first. */
export function versionTags(tags: readonly string[], suffix: string): VersionTag[] {
  return tags
    .flatMap((tag): VersionTag[] => {
      if (!tag.endsWith(suffix)) return [];
      // In a tag the "+" of a version is written as "_".
      const version = tag.slice(0, tag.length - suffix.length).replaceAll("_", "+");
      return isVersion(version) && !isPrerelease(version) ? [{ tag, version }] : [];
    })
    .sort((a, b) => compareVersions(b.version, a.version));
}
