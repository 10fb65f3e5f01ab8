/** A release with everything needed to verify it offline. The checks are in packages/fleet. */
import { utf8 } from "./web-crypto.js";

/**
 * A key's signature (Ed25519, RFC 8032) over what kind of text it is, its length and its exact bytes
 * in UTF-8: {@link signedText}.
 */
export interface Signature {
  /** The first 16 hex digits of the sha256 of the raw public key. */
  readonly keyId: string;
  /** 64 bytes in base64. */
  readonly value: string;
}

/** Which release keys the offline roots vouch for. */
export interface Keyset {
  readonly format: 1;
  /** Grows with every keyset; a machine never takes a lower one than it has seen. */
  readonly version: number;
  /** ms since epoch. */
  readonly expiresAt: number;
  /** Raw Ed25519 public keys, 32 bytes in base64. */
  readonly releaseKeys: readonly string[];
  /** How many different release keys must have signed a manifest. */
  readonly threshold: number;
}

/** What a publisher hands to the ledger and puts beside the files as `<subsystem>.release.json`. */
export interface SignedRelease {
  /** A {@link ReleaseManifest} as JSON; the signatures cover this very text. */
  readonly manifest: string;
  /** By release keys. */
  readonly signatures: readonly Signature[];
  /** A {@link Keyset} as JSON; the signatures cover this very text. */
  readonly keyset: string;
  /** By offline roots. */
  readonly keysetSignatures: readonly Signature[];
}

/**
 * Gives the text that a signature covers. Kind and length in front of it keep a signature over one
 * kind of text from being shown as one over another.
 *
 * @example
 * signedText("keyset", "{}") // "tideline-keyset\n2\n{}"
 */
export function signedText(kind: "manifest" | "keyset", text: string): string {
  return `tideline-${kind}\n${utf8(text).length}\n${text}`;
}
