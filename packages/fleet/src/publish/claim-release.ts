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
 * Gives the draft of a release: the one that an earlier run has left, or a new one.
 *
 * @throws {SyncError} `PUBLISH_CONFLICT` if the `seq` is taken, or another publisher was first.
 */
export async function claimRelease(
  claim: Claim,
  known: KnownReleases,
  deps: PublishDeps,
): Promise<ClaimedRelease> {
  const { host, log, atStep } = deps;
  const left = ownDrafts(claim, known);
  const [resumed, ...doubles] = left.filter(({ seq }) => isFree(seq, claim, known));
  for (const { release, seq } of [
    ...doubles,
    ...left.filter((one) => !isFree(one.seq, claim, known)),
  ]) {
    log(`The draft ${release.tag} with seq ${seq}, which an earlier run has left, is removed`);
    await host.deleteRelease(release.id);
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
function ownDrafts({ subsystem, version }: Claim, { drafts }: KnownReleases): ClaimedRelease[] {
  return drafts
    .flatMap((release) => {
      const seq = markerOf(release, subsystem)?.seq;
      if (seq === undefined) return [];
      const tags = [releaseTag(subsystem, version, null), releaseTag(subsystem, version, seq)];
      return tags.includes(release.tag) ? [{ release, seq }] : [];
    })
    .sort((a, b) => a.release.id - b.release.id);
}

function isFree(seq: number, claim: Claim, { highestSeq }: KnownReleases): boolean {
  return seq > highestSeq && (claim.seq === null || claim.seq === seq);
}

async function createDraft(claim: Claim, seq: number, { host }: PublishDeps): Promise<HostRelease> {
  const { subsystem, version, isAgain, notes } = claim;
  return await host.createDraft({
    tag: releaseTag(subsystem, version, isAgain ? seq : null),
    name: `${subsystem} ${version}${isAgain ? ` (release ${seq})` : ""}`,
    notes: withMarker(notes, { subsystem, seq }),
  });
}
