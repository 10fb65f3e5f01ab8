/** What is known of a subsystem's releases before another one is made: from the release host and the ledger. */
import {
  type FleetTarget,
  parseSignedRelease,
  type ReleaseManifest,
  type SignedRelease,
} from "@tideline/version/fleet";
import { SyncError } from "../sync-error.js";
import type { HostRelease } from "./host-shapes.js";
import type { ReleaseHost } from "./release-host.js";
import { type ReleaseMarker, readMarker } from "./release-marker.js";
import type { ReleaseSigner } from "./release-signer.js";

/** Longer than any signed release may be. */
const MAX_SIGNED_BYTES = 512 * 1024;

/** A release whose signatures hold. */
export interface VerifiedRelease {
  readonly signed: SignedRelease;
  readonly manifest: ReleaseManifest;
  /** True if keys that are release keys now have signed it. */
  readonly isCurrent: boolean;
  /** Null for one that the ledger told of. */
  readonly host: HostRelease | null;
}

/** All that is known of one subsystem. */
export interface KnownReleases {
  /** The one with the highest `seq` whose signatures hold; null before the first. */
  readonly newest: VerifiedRelease | null;
  /** Everybody can see them; in no order. */
  readonly published: readonly HostRelease[];
  /** Begun by a publisher that is at work, or was; in no order. */
  readonly drafts: readonly HostRelease[];
  /** The highest `seq` that a release has; 0 before the first. */
  readonly highestSeq: number;
  /** The same with what drafts lay claim to. */
  readonly highestClaim: number;
}

/** What {@link readKnownReleases} looks at. */
export interface KnownReleasesSources {
  readonly subsystem: string;
  readonly host: ReleaseHost;
  /** The ledger's targets; null where it has told none. */
  readonly targets: readonly FleetTarget[] | null;
  /** The highest `seq` that this machine has ever trusted, or the ledger knows; 0 for none. */
  readonly seenSeq: number;
  readonly signer: ReleaseSigner;
  readonly log: (line: string) => void;
}

/** Name of the file of a release that holds the signed manifest. */
export function signedFileName(subsystem: string): string {
  return `${subsystem}.release.json`;
}

/**
 * Finds a subsystem's releases and reads the newest ones, until the signatures of one hold.
 *
 * A release that nobody trusted has signed is left out, with a line in the log: else whoever may
 * write to the repository could say what the next `seq` is compared with.
 */
export async function readKnownReleases(sources: KnownReleasesSources): Promise<KnownReleases> {
  const { subsystem, host, seenSeq } = sources;
  const ours = (await host.list()).filter((release) => isOf(release, subsystem));
  const published = ours.filter(({ isDraft }) => !isDraft);
  const drafts = ours.filter(({ isDraft }) => isDraft);
  const newest = newer(await readNewest(published, sources), newestOfTargets(sources));
  const highestSeq = Math.max(seenSeq, newest?.manifest.seq ?? 0, ...seqs(published));
  const highestClaim = Math.max(highestSeq, ...seqs(drafts));
  return { newest, published, drafts, highestSeq, highestClaim };
}

/**
 * Gives the release with a `seq`.
 *
 * @throws {SyncError} `REF_NOT_FOUND` if there is none whose signatures hold.
 */
export async function findBySeq(
  seq: number,
  known: KnownReleases,
  sources: KnownReleasesSources,
): Promise<VerifiedRelease> {
  if (known.newest?.manifest.seq === seq) return known.newest;
  const marked = known.published.filter(({ notes }) => readMarker(notes)?.seq === seq);
  const unmarked = known.published.filter(({ notes }) => readMarker(notes) === null);
  for (const release of [...marked, ...unmarked]) {
    const verified = await readVerified(release, sources);
    if (verified?.manifest.seq === seq) return verified;
  }
  throw new SyncError(
    "RELEASE_NOT_FOUND",
    `Cannot find release ${seq} of ${sources.subsystem}: expected it on the release host, got none that is signed`,
  );
}

/** Reads what a release says of itself; null, with a line in the log, if nobody vouches for it. */
export async function readVerified(
  release: HostRelease,
  { subsystem, host, signer, log }: KnownReleasesSources,
): Promise<VerifiedRelease | null> {
  const file = release.assets.find(({ name }) => name === signedFileName(subsystem));
  const ignored = (why: string) => {
    log(`Release ${release.tag} is left out: ${why}`);
    return null;
  };
  if (file === undefined || !file.isUploaded)
    return ignored(`it has no ${signedFileName(subsystem)}`);
  const bytes = await host.download(file.id, MAX_SIGNED_BYTES);
  if (bytes === null) return ignored(`its ${file.name} is not served`);
  try {
    const signed = parseSignedRelease(bytes.toString());
    const { manifest, isCurrent } = signer.read(signed);
    if (manifest.subsystem !== subsystem) return ignored(`it is of "${manifest.subsystem}"`);
    return { signed, manifest, isCurrent, host: release };
  } catch (error) {
    if (isOurFault(error)) throw error;
    return ignored(error instanceof Error ? error.message : String(error));
  }
}

/** What a release's notes say, if that is of this subsystem. */
export function markerOf(release: HostRelease, subsystem: string): ReleaseMarker | null {
  const marker = readMarker(release.notes);
  return marker?.subsystem === subsystem ? marker : null;
}

function isOf(release: HostRelease, subsystem: string): boolean {
  const marker = readMarker(release.notes);
  if (marker !== null) return marker.subsystem === subsystem;
  return release.assets.some(({ name }) => name === signedFileName(subsystem));
}

function seqs(releases: readonly HostRelease[]): number[] {
  return releases.map(({ notes }) => readMarker(notes)?.seq ?? 0);
}

async function readNewest(
  published: readonly HostRelease[],
  sources: KnownReleasesSources,
): Promise<VerifiedRelease | null> {
  // What has lost its line could be the newest, and is read as well.
  const seqOf = ({ notes }: HostRelease) => readMarker(notes)?.seq ?? Number.POSITIVE_INFINITY;
  let newest: VerifiedRelease | null = null;
  for (const release of published.toSorted((a, b) => seqOf(b) - seqOf(a))) {
    if (newest !== null && seqOf(release) <= newest.manifest.seq) break;
    newest = newer(newest, await readVerified(release, sources));
  }
  return newest;
}

function newestOfTargets({
  subsystem,
  targets,
  signer,
  log,
}: KnownReleasesSources): VerifiedRelease | null {
  let newest: VerifiedRelease | null = null;
  for (const target of targets ?? []) {
    if (target.subsystem !== subsystem) continue;
    for (const part of [target.settled, target.rollout]) {
      if (part === null) continue;
      try {
        newest = newer(newest, { ...signer.read(part.release), signed: part.release, host: null });
      } catch (error) {
        if (isOurFault(error)) throw error;
        log(`The ledger's release ${part.seq} is left out: ${(error as Error).message}`);
      }
    }
  }
  return newest;
}

/** That nothing is wrong with the release, but that we could publish none after it. */
function isOurFault(error: unknown): boolean {
  return error instanceof SyncError && error.reason === "KEYSET_TOO_OLD";
}

function newer(a: VerifiedRelease | null, b: VerifiedRelease | null): VerifiedRelease | null {
  if (a === null || b === null) return a ?? b;
  return b.manifest.seq > a.manifest.seq ? b : a;
}
