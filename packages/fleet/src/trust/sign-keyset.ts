import { type Keyset, parseKeyset, type Signature } from "@tideline/version/fleet";
import type { SigningKey } from "./keys.js";
import { signText } from "./signatures.js";

/** A keyset with the roots' signatures; the content of a keyset file. */
export interface SignedKeyset {
  /** A {@link Keyset} as JSON; the signatures cover this very text. */
  readonly keyset: string;
  readonly keysetSignatures: readonly Signature[];
}

/**
 * Signs a keyset with offline roots.
 *
 * @throws {TypeError | RangeError} If a machine could not read it, or a root is among its release keys.
 */
export function signKeyset(keyset: Keyset, roots: readonly SigningKey[]): SignedKeyset {
  const text = JSON.stringify(keyset);
  parseKeyset(text);
  const shared = roots.find(({ publicKey }) => keyset.releaseKeys.includes(publicKey));
  if (shared !== undefined) {
    throw new TypeError(
      `Cannot sign keyset: expected release keys that are no roots, got root "${shared.keyId}"`,
    );
  }
  return { keyset: text, keysetSignatures: signText("keyset", text, roots) };
}

/**
 * Adds the signatures of more roots, as when the next person has the file. A root that has signed
 * already signs anew in its place.
 *
 * @throws {TypeError | RangeError} As {@link signKeyset}.
 */
export function addKeysetSignatures(
  { keyset: text, keysetSignatures }: SignedKeyset,
  roots: readonly SigningKey[],
): SignedKeyset {
  const added = signKeyset(parseKeyset(text), roots);
  const ids = new Set(roots.map(({ keyId }) => keyId));
  return {
    keyset: text,
    keysetSignatures: [
      ...keysetSignatures.filter(({ keyId }) => !ids.has(keyId)),
      // Signed as the text stands: JSON of the same meaning need not be the same bytes.
      ...(added.keyset === text ? added.keysetSignatures : signText("keyset", text, roots)),
    ],
  };
}
