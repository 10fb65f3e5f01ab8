import { sign, verify } from "node:crypto";
import { type Signature, signedText } from "@tideline/version/fleet";
import { keyId, publicKeyObject, type SigningKey } from "./keys.js";

/** Signs a text of one kind with each key; see {@link signedText}. */
export function signText(
  kind: "manifest" | "keyset",
  text: string,
  keys: readonly SigningKey[],
): Signature[] {
  const bytes = Buffer.from(signedText(kind, text), "utf8");
  return keys.map((key) => ({
    keyId: key.keyId,
    value: sign(null, bytes, key.privateKey).toString("base64"),
  }));
}

/**
 * Counts the different keys of a list that have signed a text. Signatures by other keys, and ones
 * that do not match, count for nothing. A text with a lone surrogate has no bytes of its own, and
 * nobody has signed it.
 *
 * @param publicKeys Raw, in base64.
 */
export function countSigners(
  kind: "manifest" | "keyset",
  text: string,
  signatures: readonly Signature[],
  publicKeys: readonly string[],
): number {
  if (/\p{Surrogate}/u.test(text)) return 0;
  const bytes = Buffer.from(signedText(kind, text), "utf8");
  const byId = new Map(publicKeys.map((publicKey) => [keyId(publicKey), publicKey]));
  const signers = new Set<string>();
  for (const { keyId: id, value } of signatures) {
    const publicKey = byId.get(id);
    if (publicKey === undefined || signers.has(publicKey)) continue;
    const signature = Buffer.from(value, "base64");
    if (verify(null, bytes, publicKeyObject(publicKey), signature)) signers.add(publicKey);
  }
  return signers.size;
}
