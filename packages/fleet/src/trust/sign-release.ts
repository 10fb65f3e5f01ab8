import {
  parseReleaseManifest,
  parseSignedRelease,
  type ReleaseManifest,
  type Signature,
  type SignedRelease,
} from "@tideline/version/fleet";
import type { SigningKey } from "./keys.js";
import { signText } from "./signatures.js";

/**
 * Signs a manifest. Says nothing of whether machines will believe it; `verifyRelease` with the
 * fleet's roots does, and publishing asks it before anything goes out.
 *
 * @param keyset The text that the roots have signed, untouched.
 * @throws {TypeError | RangeError} If the manifest could not be read by a machine.
 */
export function signRelease(
  manifest: ReleaseManifest,
  {
    releaseKeys,
    keyset,
    keysetSignatures,
  }: {
    readonly releaseKeys: readonly SigningKey[];
    readonly keyset: string;
    readonly keysetSignatures: readonly Signature[];
  },
): SignedRelease {
  const text = JSON.stringify(manifest);
  parseReleaseManifest(text);
  return parseSignedRelease({
    manifest: text,
    signatures: signText("manifest", text, releaseKeys),
    keyset,
    keysetSignatures,
  });
}

/**
 * Gives a release that nobody has signed, for machines with `trust.acceptUnsigned`.
 *
 * @throws {TypeError | RangeError} If the manifest could not be read by a machine.
 */
export function unsignedRelease(manifest: ReleaseManifest): SignedRelease {
  return signRelease(manifest, { releaseKeys: [], keyset: "", keysetSignatures: [] });
}
