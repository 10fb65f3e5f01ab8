import { createHash } from "node:crypto";
import {
  parseKeyset,
  parseReleaseManifest,
  type ReleaseManifest,
  type SignedRelease,
} from "@tideline/version/fleet";

/** What a machine remembers of the releases that it verified, so that nothing older is taken later. */
export interface TrustState {
  /** The highest version of a keyset that it has seen; 0 before the first. */
  readonly keysetVersion: number;
  /** `createdAt` of the newest accepted manifest: time has come at least this far, whatever the clock says. */
  readonly signedAt: number;
  readonly subsystems: Readonly<Record<string, SubsystemTrust>>;
  /** sha256 of binaries that any accepted manifest has revoked; in order. */
  readonly revoked: readonly string[];
}

/** What it remembers of one subsystem. */
export interface SubsystemTrust {
  /** The highest that it has accepted. */
  readonly seq: number;
  /** sha256 of that manifest's text; null if only its number is known. */
  readonly manifest: string | null;
  /** Commit of every upstream tag, as `"<url> <tag>"`; the newest 64. */
  readonly tags: Readonly<Record<string, string>>;
}

/** Before anything was seen. */
export const EMPTY_TRUST: TrustState = {
  keysetVersion: 0,
  signedAt: 0,
  subsystems: {},
  revoked: [],
};

const MAX_TAGS = 64;
// Names 64 digits long; a machine that has seen so many can spare the oldest of them.
const MAX_REVOKED = 4_096;

/**
 * Gives the state after a release was accepted. It only ever grows: an older release changes nothing.
 *
 * @param release One that was verified.
 * @param options.countsSeq False for one that may never run here: what it says of keys, revoked
 *   binaries and upstream tags is remembered, and older releases are still believed. @default true
 */
export function advanceTrust(
  state: TrustState,
  release: SignedRelease,
  { countsSeq = true }: { readonly countsSeq?: boolean } = {},
): TrustState {
  const manifest = parseReleaseManifest(release.manifest);
  const { subsystem, seq, upstream, createdAt, revoked } = manifest;
  const tag = tagKey(manifest);
  const entry: SubsystemTrust = {
    seq: countsSeq ? seq : 0,
    manifest: countsSeq ? textSha256(release.manifest) : null,
    tags: tag === null || upstream === null ? {} : { [tag]: upstream.oid },
  };
  return mergeTrust(state, {
    keysetVersion: release.keyset === "" ? 0 : parseKeyset(release.keyset).version,
    signedAt: createdAt,
    subsystems: { [subsystem]: entry },
    revoked,
  });
}

/** Gives the stricter of two states in every respect. */
export function mergeTrust(a: TrustState, b: TrustState): TrustState {
  const names = [...new Set([...Object.keys(a.subsystems), ...Object.keys(b.subsystems)])].sort();
  return {
    keysetVersion: Math.max(a.keysetVersion, b.keysetVersion),
    signedAt: Math.max(a.signedAt, b.signedAt),
    subsystems: Object.fromEntries(
      names.map((name) => [name, mergeSubsystem(trustOf(a, name), trustOf(b, name))]),
    ),
    revoked: [...new Set([...a.revoked, ...b.revoked])].slice(-MAX_REVOKED),
  };
}

/** What is remembered of a subsystem; nothing, if it was never seen. */
export function trustOf(state: TrustState, subsystem: string): SubsystemTrust {
  const found = Object.hasOwn(state.subsystems, subsystem)
    ? state.subsystems[subsystem]
    : undefined;
  return found ?? { seq: 0, manifest: null, tags: {} };
}

/** Names the upstream tag of a manifest, or null if it was not made from one. */
export function tagKey({ upstream }: ReleaseManifest): string | null {
  return upstream === null || upstream.tag === null ? null : `${upstream.url} ${upstream.tag}`;
}

/** The identity of a manifest: two texts with one `seq` are two releases. */
export function textSha256(text: string): string {
  return createHash("sha256").update(text, "utf8").digest("hex");
}

function mergeSubsystem(a: SubsystemTrust, b: SubsystemTrust): SubsystemTrust {
  const seq = Math.max(a.seq, b.seq);
  // The first manifest with a number, and the first commit of a tag, stay: that another came later
  // must not be forgotten.
  const known = [a, b].find((entry) => entry.seq === seq && entry.manifest !== null);
  const tags = Object.entries({ ...a.tags, ...withoutKeys(b.tags, a.tags) });
  return {
    seq,
    manifest: known?.manifest ?? null,
    tags: Object.fromEntries(tags.slice(-MAX_TAGS)),
  };
}

function withoutKeys(
  tags: Readonly<Record<string, string>>,
  known: Readonly<Record<string, string>>,
): Record<string, string> {
  return Object.fromEntries(Object.entries(tags).filter(([tag]) => !Object.hasOwn(known, tag)));
}
