import type { UpstreamConfig } from "../config/sync-config.js";
import { SyncError } from "../sync-error.js";
import { askRemotes } from "./ask-remotes.js";
import { compareTags, type TagCandidate } from "./compare-tags.js";
import type { DetectWorld } from "./detect-world.js";
import { tooYoung } from "./too-young.js";
import type { PendingVersion, UpstreamFinding } from "./upstream-finding.js";
import type { UpstreamMemory } from "./upstream-memory.js";
import { tagRefPrefix } from "./version-tags.js";

/**
 * Strategy `tags`: the highest semantic version among the tags of the family that is old enough.
 *
 * Git tells no time of a tag; its age is counted from when it was first seen here, and a tag that was
 * there at the first look is old enough.
 */
export async function checkTags(
  upstream: UpstreamConfig,
  minimumAgeMs: number,
  before: UpstreamMemory,
  world: DetectWorld,
): Promise<UpstreamFinding> {
  const prefix = tagRefPrefix(upstream.tagPrefix);
  const answers = await askRemotes(upstream.remotes, [prefix], world);
  const { candidates, unreadable, memory } = compareTags(answers, upstream, before, world.now());
  requireVersions(upstream, candidates.length, unreadable);
  const { latest, pending } = firstOldEnough(candidates, minimumAgeMs, world.now());
  return { latest: latest && versionOf(latest), pending, memory };
}

/** @throws {SyncError} `REF_NOT_FOUND` or `VERSION_UNREADABLE` if there is nothing to choose from. */
export function requireVersions(
  { tagPrefix, remotes }: UpstreamConfig,
  count: number,
  unreadable: readonly string[],
): void {
  if (count > 0) return;
  const expected = `expected a tag "${tagPrefix}<version>"`;
  const [first] = unreadable;
  if (first === undefined) {
    throw new SyncError(
      "REF_NOT_FOUND",
      `Cannot find a version at "${remotes[0]}": ${expected}, got none that begins with "${tagPrefix}"`,
    );
  }
  throw new SyncError(
    "VERSION_UNREADABLE",
    `Cannot find a version at "${remotes[0]}": ${expected}, got ${unreadable.length} others like "${first}"`,
  );
}

/** A candidate as what it is upstream. */
export function versionOf({ name, commit, remote }: TagCandidate): UpstreamFinding["latest"] & {} {
  return { tag: name, commit, remote };
}

function firstOldEnough(
  candidates: readonly TagCandidate[],
  minimumAgeMs: number,
  now: number,
): { readonly latest: TagCandidate | null; readonly pending: PendingVersion | null } {
  let pending: PendingVersion | null = null;
  for (const candidate of candidates) {
    const detail = tooYoung(candidate.name, candidate.seenAt, minimumAgeMs, now);
    if (detail === null) return { latest: candidate, pending };
    pending ??= { ...versionOf(candidate), reason: "TOO_YOUNG", detail };
  }
  return { latest: null, pending };
}
