/** Who vouches for what is published, and says what others have vouched for. */
import { parseKeyset, type ReleaseManifest, type SignedRelease } from "@tideline/version/fleet";
import type { SyncConfig } from "../config/sync-config.js";
import { SyncError } from "../sync-error.js";
import type { SigningKey } from "../trust/keys.js";
import type { SignedKeyset } from "../trust/sign-keyset.js";
import { signRelease, unsignedRelease } from "../trust/sign-release.js";
import { countSigners } from "../trust/signatures.js";
import type { TrustState } from "../trust/trust-state.js";
import { verifyKeyset, verifyRelease } from "../trust/verify-release.js";
import { readSigned } from "./read-signed.js";

/** A release whose signatures hold. */
export interface ReadRelease {
  readonly manifest: ReleaseManifest;
  /**
   * True if keys that are release keys now have signed it. The bytes of one by keys that were
   * replaced since are signed by nobody again: perhaps that is why they were replaced.
   */
  readonly isCurrent: boolean;
}

/** Signs and reads releases. */
export interface ReleaseSigner {
  /**
   * Signs a manifest, and looks at it as a machine would.
   *
   * @throws {SyncError} If no machine with this configuration's roots would take it.
   */
  sign(manifest: ReleaseManifest): SignedRelease;
  /**
   * Reads a release whose signatures hold, as of the day on which it was made.
   *
   * @throws {SyncError} If they do not; `KEYSET_TOO_OLD` if they do and ours would be refused beside it.
   */
  read(release: SignedRelease): ReadRelease;
}

/** What {@link makeSigner} signs with. */
export interface SignerOptions {
  readonly trust: SyncConfig["trust"];
  readonly releaseKeys: readonly SigningKey[];
  /** Null: nothing is signed, which `trust.acceptUnsigned` must allow. */
  readonly keyset: SignedKeyset | null;
  /** What this machine has seen: it must take what it publishes. */
  readonly state: TrustState;
  /** ms since epoch. */
  readonly now: () => number;
}

/**
 * Makes a signer.
 *
 * @throws {SyncError} `NO_RELEASE_KEY`, or what is wrong with the keyset, before anything is built.
 */
export function makeSigner({
  trust,
  releaseKeys,
  keyset,
  state,
  now,
}: SignerOptions): ReleaseSigner {
  if (keyset === null && !trust.acceptUnsigned) {
    throw new SyncError(
      "NO_RELEASE_KEY",
      "Cannot sign: expected a release key and a keyset, got none",
    );
  }
  const ours = keyset === null ? null : verifyKeyset(keyset, { ...trust, now: now(), state });
  const isCurrent = ({ manifest, signatures }: SignedRelease): boolean =>
    ours === null ||
    countSigners("manifest", manifest, signatures, ours.releaseKeys) >= ours.threshold;
  return {
    sign: (manifest) => {
      const signed =
        keyset === null
          ? unsignedRelease(manifest)
          : signRelease(manifest, { releaseKeys, ...keyset });
      const { subsystem, seq, version } = manifest;
      const expected = { subsystem, seq, version };
      verifyRelease(signed, { ...trust, now: now(), state, expected });
      return signed;
    },
    read: (release) => {
      const manifest = readSigned(release, trust);
      const { version } = release.keyset === "" ? { version: 0 } : parseKeyset(release.keyset);
      if (ours !== null && version > ours.version) {
        throw new SyncError(
          "KEYSET_TOO_OLD",
          `Cannot publish ${manifest.subsystem}: expected keyset ${version} or newer, got ${ours.version}`,
        );
      }
      return { manifest, isCurrent: isCurrent(release) };
    },
  };
}
