import semver from "semver";

/** Says whether a text is a semantic version as semver.org writes it: `1.2.3-rc.1+b7`, not `v1.2.3`. */
export function isSemanticVersion(text: string): boolean {
  // semver itself also takes "v1.2.3", "=1.2.3" and spaces around.
  return /^\d\S*$/.test(text) && semver.parse(text) !== null;
}
