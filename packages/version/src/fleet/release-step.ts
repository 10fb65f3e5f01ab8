import type { ReleaseManifest, UpdateClass } from "./release-manifest.js";
import { updateClass } from "./update-class.js";

/** What of a manifest says how far its release goes. */
type Step = Pick<ReleaseManifest, "version" | "updateClass" | "upstream">;

/**
 * Says how far a release is from what runs: by the versions themselves, and at least as far as its
 * publisher signed.
 *
 * Commits have no order and no distance. Of a release that is named after its commit, because its
 * subsystem follows a branch, the publisher's word counts: it publishes only what the branch leads
 * to without having been rewritten.
 *
 * @param from The version that runs; null if none does.
 * @returns Null if the two cannot be compared: a person decides.
 */
export function releaseStep(from: string | null, manifest: Step): UpdateClass | null {
  if (from === null || isNamedAfterCommit(manifest)) return manifest.updateClass;
  const own = updateClass(from, manifest.version);
  if (own === null) return null;
  return ORDER.indexOf(own) > ORDER.indexOf(manifest.updateClass) ? own : manifest.updateClass;
}

/** Says whether a release has its commit's first digits for a version. */
export function isNamedAfterCommit({
  version,
  upstream,
}: Pick<ReleaseManifest, "version" | "upstream">): boolean {
  return upstream !== null && /^[0-9a-f]{12,}$/.test(version) && upstream.oid.startsWith(version);
}

const ORDER: readonly UpdateClass[] = ["patch", "minor", "major"];
