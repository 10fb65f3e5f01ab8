/**
 * What a machine believes of a release. Nothing here writes: the caller advances the trust store
 * afterwards, so that a release that is refused in the end leaves no trace (CVE-2025-2888).
 *
 * Clauses are those of the TUF specification 1.0 (https://theupdateframework.github.io/specification),
 * whose root role is our roots with their keyset, and whose targets role is a manifest.
 */
import {
  type Keyset,
  parseKeyset,
  parseReleaseManifest,
  parseSignedRelease,
  type ReasonCode,
  type ReleaseManifest,
  type SignedRelease,
} from "@tideline/version/fleet";
import { SyncError } from "../sync-error.js";
import { countSigners } from "./signatures.js";
import { type TrustState, tagKey, textSha256, trustOf } from "./trust-state.js";

/** What a release is held against. */
export interface VerifyOptions {
  /** Raw public keys of the fleet's offline roots, in base64. */
  readonly roots: readonly string[];
  /** How many of them must vouch for a keyset. */
  readonly threshold: number;
  /** ms since epoch. Taken once for the whole update (clause 5.1). */
  readonly now: number;
  /** What the machine has seen so far. */
  readonly state: TrustState;
  /** Takes a release without any signature. One with a wrong signature is refused all the same. */
  readonly acceptUnsigned: boolean;
  /** What the release is said to be, by whoever named it; a field that is left out is not compared. */
  readonly expected: {
    readonly subsystem: string;
    readonly seq?: number;
    readonly version?: string;
  };
}

// A publisher's clock and a machine's may differ; by more than two days, one of them is wrong.
const CLOCK_TOLERANCE_MS = 2 * 86_400_000;

/**
 * Verifies a release: first that enough of the roots vouch for the keyset, then that enough of its
 * release keys have signed the manifest, and only then what that says. Parses nothing that nobody
 * has signed, unless unsigned releases are accepted.
 *
 * @returns The manifest. What the machine then accepts for good it tells {@link TrustStore.advance}.
 * @throws {SyncError} With the reason of the first check that failed, in the order of the code.
 */
export function verifyRelease(untrusted: SignedRelease, options: VerifyOptions): ReleaseManifest {
  // The ledger's row and the host's file come from outside, whatever their type says.
  const release = parsed("MANIFEST_INVALID", () => parseSignedRelease(untrusted));
  if (isUnsigned(release)) refuseUnsigned(options);
  else verifyManifestSignatures(release, verifyKeyset(release, options));
  const manifest = parsed("MANIFEST_INVALID", () => parseReleaseManifest(release.manifest));
  checkExpected(manifest, options);
  checkOrder(manifest, textSha256(release.manifest), options);
  checkTime(manifest, options);
  checkRevoked(manifest, options);
  return manifest;
}

/**
 * Verifies a keyset alone, as `tideline-sync keys inspect` does.
 *
 * @throws {SyncError} `NO_TRUSTED_ROOTS`, `KEYSET_INVALID`, `KEYSET_TOO_OLD` or `KEYSET_EXPIRED`.
 */
export function verifyKeyset(
  { keyset: text, keysetSignatures }: Pick<SignedRelease, "keyset" | "keysetSignatures">,
  { roots, threshold, now, state }: Pick<VerifyOptions, "roots" | "threshold" | "now" | "state">,
): Keyset {
  // Nobody to vouch for anything, or nobody needed: neither may mean that everything is believed.
  if (roots.length === 0 || !(threshold >= 1)) {
    throw new SyncError(
      "NO_TRUSTED_ROOTS",
      `Cannot verify keyset: expected at least one root and a threshold of 1, got ${roots.length} and "${threshold}"`,
    );
  }
  // 5.3.4, arbitrary software attack: a threshold of different roots.
  const signers = countSigners("keyset", text, keysetSignatures, roots);
  if (signers < threshold) {
    throw new SyncError(
      "KEYSET_INVALID",
      `Cannot verify keyset: expected signatures of ${threshold} trusted roots, got ${signers}`,
    );
  }
  const keyset = parsed("KEYSET_INVALID", () => parseKeyset(text));
  // A root that signs releases is no offline root any more, and its theft would be everything.
  const shared = keyset.releaseKeys.find((key) => roots.includes(key));
  if (shared !== undefined) {
    throw new SyncError(
      "KEYSET_INVALID",
      `Cannot verify keyset: expected release keys that are no roots, got "${shared}"`,
    );
  }
  // 5.3.5, rollback attack: this is also how a release key is revoked.
  if (keyset.version < state.keysetVersion) {
    throw new SyncError(
      "KEYSET_TOO_OLD",
      `Cannot verify keyset: expected version ${state.keysetVersion} or higher, got ${keyset.version}`,
    );
  }
  // 5.3.10, freeze attack.
  const time = timeOf(now, state);
  if (keyset.expiresAt <= time) {
    throw new SyncError(
      "KEYSET_EXPIRED",
      `Cannot verify keyset: expected one that is valid on ${date(time)}, got one until ${date(keyset.expiresAt)}`,
    );
  }
  return keyset;
}

function isUnsigned({ signatures, keyset, keysetSignatures }: SignedRelease): boolean {
  return signatures.length === 0 && keyset === "" && keysetSignatures.length === 0;
}

function refuseUnsigned({ acceptUnsigned }: VerifyOptions): void {
  if (acceptUnsigned) return;
  throw new SyncError("NOT_SIGNED", "Cannot verify release: expected signatures, got none");
}

/** 5.6.3, arbitrary software attack: a threshold of different keys of the keyset. */
function verifyManifestSignatures(release: SignedRelease, keyset: Keyset): void {
  const { releaseKeys, threshold } = keyset;
  const signers = countSigners("manifest", release.manifest, release.signatures, releaseKeys);
  if (signers >= threshold) return;
  throw new SyncError(
    "SIGNATURE_INVALID",
    `Cannot verify release: expected signatures of ${threshold} keys of keyset ${keyset.version}, got ${signers}`,
  );
}

/** 5.6.4, mix and match: what is signed is what was named. */
function checkExpected(
  { subsystem, seq, version }: ReleaseManifest,
  { expected }: VerifyOptions,
): void {
  if (subsystem !== expected.subsystem) {
    throw new SyncError(
      "WRONG_SUBSYSTEM",
      `Cannot take release: expected one of "${expected.subsystem}", got one of "${subsystem}"`,
    );
  }
  const namedSeq = expected.seq ?? seq;
  const namedVersion = expected.version ?? version;
  if (seq === namedSeq && version === namedVersion) return;
  throw new SyncError(
    "WRONG_RELEASE",
    `Cannot take release of "${subsystem}": expected ${namedVersion} with seq ${namedSeq}, got "${version}" with seq ${seq}`,
  );
}

/** 5.5.5, rollback attack; and that one number or one tag never means two things. */
function checkOrder(manifest: ReleaseManifest, sha256: string, { state }: VerifyOptions): void {
  const { subsystem, seq, upstream } = manifest;
  const seen = trustOf(state, subsystem);
  if (seq < seen.seq) {
    throw new SyncError(
      "DOWNGRADE",
      `Cannot take release of "${subsystem}": expected seq ${seen.seq} or higher, got ${seq}`,
    );
  }
  if (seq === seen.seq && seen.manifest !== null && seen.manifest !== sha256) {
    throw new SyncError(
      "SEQ_REUSED",
      `Cannot take release of "${subsystem}": expected the release that had seq ${seq} before, got another`,
    );
  }
  const tag = tagKey(manifest);
  const oid = tag !== null && Object.hasOwn(seen.tags, tag) ? seen.tags[tag] : undefined;
  if (oid === undefined || oid === upstream?.oid) return;
  throw new SyncError(
    "TAG_MOVED",
    `Cannot take release of "${subsystem}": expected tag "${upstream?.tag}" at ${oid}, got ${upstream?.oid}`,
  );
}

/** 5.6.5, freeze attack. Ends new installs only; what runs keeps running. */
function checkTime({ subsystem, createdAt, expiresAt }: ReleaseManifest, options: VerifyOptions) {
  const time = timeOf(options.now, options.state);
  if (createdAt > time + CLOCK_TOLERANCE_MS) {
    throw new SyncError(
      "CLOCK_BEHIND",
      `Cannot take release of "${subsystem}": expected one made before ${date(time)}, got one of ${date(createdAt)}`,
    );
  }
  if (expiresAt <= time) {
    throw new SyncError(
      "MANIFEST_EXPIRED",
      `Cannot take release of "${subsystem}": expected one that is valid on ${date(time)}, got one until ${date(expiresAt)}`,
    );
  }
}

/** A revocation outlives the manifest that brought it: no revert goes back to such bytes. */
function checkRevoked({ subsystem, artifacts }: ReleaseManifest, { state }: VerifyOptions): void {
  for (const [platform, { binary }] of Object.entries(artifacts)) {
    if (!state.revoked.includes(binary.sha256)) continue;
    throw new SyncError(
      "REVOKED",
      `Cannot take release of "${subsystem}": expected binaries that are not revoked, got "${binary.sha256}" for ${platform}`,
    );
  }
}

/** A clock that was set back must not bring back what has expired. */
function timeOf(now: number, { signedAt }: TrustState): number {
  return Math.max(now, signedAt);
}

function parsed<Value>(reason: ReasonCode, parse: () => Value): Value {
  try {
    return parse();
  } catch (cause) {
    throw new SyncError(reason, cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

function date(at: number): string {
  return new Date(at).toISOString();
}
