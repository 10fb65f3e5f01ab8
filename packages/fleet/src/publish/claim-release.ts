/**
 * One publisher at a time for one `seq`, without a lock that could be left behind: a draft is a claim,
 * everybody who may write sees all drafts, and among equal claims the one with the lowest id holds.
 */
import { SyncError } from "../sync-error.js";
import type { HostRelease } from "./host-shapes.js";
import { type KnownReleases, markerOf } from "./known-releases.js";
import type { PublishDeps } from "./publish-request.js";
import { withMarker } from "./release-marker.js";
import { releaseTag } from "./release-names.js";

// Longer than any upload of ours is waited for.
const LEASE_MS = 30 * 60_000;

/** What is claimed. */
export interface Claim {
  readonly subsystem: string;
  readonly version: string;
  /** Null: the next one. */
  readonly seq: number | null;
  /** True where the version has a release already, so that its tag is taken. */
  readonly isAgain: boolean;
  readonly notes: string;
}

/** A draft that is ours. */
export interface ClaimedRelease {
  readonly release: HostRelease;
  readonly seq: number;
}

/**
 * Gives the draft of a release: the one that an earlier run of ours has left, or a new one.
 *
 * What another publisher has begun with the same version is left alone for 30 minutes, as it may be
 * at work; then it has died, and its draft is removed.
 *
 * @throws {SyncError} `PUBLISH_CONFLICT` if the `seq` is taken, or another publisher was first.
 */
export async function claimRelease(
  claim: Claim,
  known: KnownReleases,
  deps: PublishDeps,
): Promise<ClaimedRelease> {
  const { host, log, atStep, publisher, now } = deps;
  const left = draftsOf(claim, known);
  const foreign = left.find(({ by, at }) => by !== publisher && now() - at < LEASE_MS);
  if (foreign !== undefined) {
    throw new SyncError(
      "PUBLISH_CONFLICT",
      `Cannot publish ${claim.subsystem} ${claim.version}: expected nobody else at it, got a draft of "${foreign.by}" from ${new Date(foreign.at).toISOString()}`,
    );
  }
  const resumed = left.find(({ by, seq }) => by === publisher && isFree(seq, claim, known));
  for (const draft of left) {
    if (draft === resumed) continue;
    log(`The draft ${draft.release.tag} with seq ${draft.seq} of "${draft.by}" is removed`);
    await host.deleteRelease(draft.release.id);
  }
  const seq = resumed?.seq ?? claim.seq ?? known.highestClaim + 1;
  if (seq <= known.highestSeq) {
    throw new SyncError(
      "PUBLISH_CONFLICT",
      `Cannot publish ${claim.subsystem} ${claim.version}: expected a seq above ${known.highestSeq}, got ${seq}`,
    );
  }
  if (resumed !== undefined) log(`The draft ${resumed.release.tag} of an earlier run is continued`);
  const release = resumed?.release ?? (await createDraft(claim, seq, deps));
  await atStep?.("draft-created");
  await requireOurs({ release, seq }, claim.subsystem, deps);
  return { release, seq };
}

/**
 * Makes sure that nobody else has the same `seq`, a higher published one, or the same tag.
 *
 * @throws {SyncError} `PUBLISH_CONFLICT`; our draft is gone then.
 */
export async function requireOurs(
  { release, seq }: ClaimedRelease,
  subsystem: string,
  { host }: PublishDeps,
): Promise<void> {
  const all = await host.list();
  const isLost = (other: HostRelease): boolean => {
    if (other.id === release.id) return false;
    const theirs = markerOf(other, subsystem)?.seq;
    if (!other.isDraft && theirs !== undefined && theirs >= seq) return true;
    return (
      (other.tag === release.tag || theirs === seq) && (!other.isDraft || other.id < release.id)
    );
  };
  const winner = all.find(isLost);
  if (winner === undefined && all.some(({ id }) => id === release.id)) return;
  await host.deleteRelease(release.id);
  throw new SyncError(
    "PUBLISH_CONFLICT",
    winner === undefined
      ? `Cannot publish ${release.tag}: expected its draft with seq ${seq}, got none any more`
      : `Cannot publish ${release.tag}: expected seq ${seq} for it alone, got ${winner.tag} of another publisher`,
  );
}

/** Removes what publishers have left behind that came to nothing: their `seq` is below a published one. */
export async function removeStaleDrafts(
  { release, seq }: ClaimedRelease,
  subsystem: string,
  { host }: PublishDeps,
): Promise<void> {
  for (const other of await host.list()) {
    const theirs = markerOf(other, subsystem)?.seq;
    if (!other.isDraft || other.id === release.id || theirs === undefined || theirs > seq) continue;
    await host.deleteRelease(other.id);
  }
}

/** Drafts of this very version, the oldest first. */
function draftsOf({ subsystem, version }: Claim, { drafts }: KnownReleases): LeftDraft[] {
  return drafts
    .flatMap((release): LeftDraft[] => {
      const marker = markerOf(release, subsystem);
      if (marker === null) return [];
      const { seq, by, at } = marker;
      const tags = [releaseTag(subsystem, version, null), releaseTag(subsystem, version, seq)];
      return tags.includes(release.tag) ? [{ release, seq, by, at }] : [];
    })
    .sort((a, b) => a.release.id - b.release.id);
}

interface LeftDraft extends ClaimedRelease {
  readonly by: string;
  readonly at: number;
}

function isFree(seq: number, claim: Claim, { highestSeq }: KnownReleases): boolean {
  return seq > highestSeq && (claim.seq === null || claim.seq === seq);
}

async function createDraft(
  { subsystem, version, isAgain, notes }: Claim,
  seq: number,
  { host, publisher, now }: PublishDeps,
): Promise<HostRelease> {
  return await host.createDraft({
    tag: releaseTag(subsystem, version, isAgain ? seq : null),
    name: `${subsystem} ${version}${isAgain ? ` (release ${seq})` : ""}`,
    notes: withMarker(notes, { subsystem, seq, by: publisher, at: now() }),
  });
}
