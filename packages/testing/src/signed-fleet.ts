/** A fleet's keys, keyset and releases, made anew for each test. Nothing here is a double: they are real. */
import { createHash } from "node:crypto";
import {
  EMPTY_TRUST,
  generateKey,
  type SignedKeyset,
  type SigningKey,
  signKeyset,
  signRelease,
  type TrustState,
  type VerifyOptions,
} from "@tideline/fleet";
import type {
  Keyset,
  ReleaseArtifact,
  ReleaseManifest,
  SignedRelease,
} from "@tideline/version/fleet";

const DAY = 86_400_000;

/** What {@link SignedFleet} is made of. */
export interface SignedFleetOptions {
  /** ms since epoch. @default 2026-01-01 */
  readonly now?: number;
  /** @default 2 */
  readonly rootCount?: number;
  /** How many roots must vouch for a keyset. @default 2 */
  readonly rootThreshold?: number;
  /** @default 2 */
  readonly releaseKeyCount?: number;
  /** How many release keys must sign. @default 1 */
  readonly threshold?: number;
}

/** The keys of one fleet. */
export class SignedFleet {
  readonly now: number;
  readonly roots: readonly SigningKey[];
  readonly releaseKeys: readonly SigningKey[];
  readonly rootThreshold: number;
  readonly threshold: number;

  constructor({
    now = Date.UTC(2026, 0, 1),
    rootCount = 2,
    rootThreshold = 2,
    releaseKeyCount = 2,
    threshold = 1,
  }: SignedFleetOptions = {}) {
    this.now = now;
    this.roots = Array.from({ length: rootCount }, generateKey);
    this.releaseKeys = Array.from({ length: releaseKeyCount }, generateKey);
    this.rootThreshold = rootThreshold;
    this.threshold = threshold;
  }

  /** `trust` of a `sync.config.yaml`. */
  get trust(): { roots: string[]; threshold: number; acceptUnsigned: false } {
    const roots = this.roots.map(({ publicKey }) => publicKey);
    return { roots, threshold: this.rootThreshold, acceptUnsigned: false };
  }

  keyset(changes: Partial<Keyset> = {}): Keyset {
    return {
      format: 1,
      version: 1,
      expiresAt: this.now + 365 * DAY,
      releaseKeys: this.releaseKeys.map(({ publicKey }) => publicKey),
      threshold: this.threshold,
      ...changes,
    };
  }

  signKeyset(changes: Partial<Keyset> = {}, roots = this.roots): SignedKeyset {
    return signKeyset(this.keyset(changes), roots);
  }

  /** A release for linux-x64-glibc whose file is `bytes` itself. */
  manifest(
    changes: Partial<ReleaseManifest> = {},
    bytes: string | Uint8Array = "the binary",
  ): ReleaseManifest {
    return {
      format: 1,
      subsystem: "nats",
      seq: 7,
      version: "2.10.25",
      updateClass: "patch",
      isCritical: false,
      upstream: null,
      createdAt: this.now - DAY,
      expiresAt: this.now + 90 * DAY,
      minSync: null,
      reverts: null,
      revoked: [],
      dataRollback: "safe",
      artifacts: { "linux-x64-glibc": rawArtifact(bytes) },
      ...changes,
    };
  }

  /** Signs with the first `threshold` release keys and the fleet's own keyset. */
  sign(
    manifest: ReleaseManifest,
    {
      releaseKeys = this.releaseKeys.slice(0, this.threshold),
      keyset = this.signKeyset(),
    }: { readonly releaseKeys?: readonly SigningKey[]; readonly keyset?: SignedKeyset } = {},
  ): SignedRelease {
    return signRelease(manifest, { releaseKeys, ...keyset });
  }

  /** For `verifyRelease`, by a machine that has seen nothing yet. */
  verifyOptions({
    state = EMPTY_TRUST,
    ...changes
  }: Partial<VerifyOptions> & { readonly state?: TrustState } = {}): VerifyOptions {
    return { ...this.trust, now: this.now, state, expected: { subsystem: "nats" }, ...changes };
  }
}

/** An artifact whose file is the binary itself. */
export function rawArtifact(
  bytes: string | Uint8Array,
  urls: readonly string[] = ["https://releases.example/nats"],
): ReleaseArtifact {
  const file = Buffer.from(bytes);
  const binary = {
    size: file.length,
    sha256: createHash("sha256").update(file).digest("hex"),
  };
  return { urls, ...binary, format: "raw", member: null, binary };
}
