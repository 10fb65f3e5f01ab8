import { parseKeyset } from "@tideline/version/fleet";
import type { SyncConfig } from "../../config/sync-config.js";
import { keyId } from "../../trust/keys.js";
import type { SignedKeyset } from "../../trust/sign-keyset.js";
import { countSigners } from "../../trust/signatures.js";

/**
 * Says for people and scripts what a keyset holds and who has signed it.
 *
 * @param trust The roots to hold the signatures against; null: none are known here.
 */
export function describeKeyset(
  { keyset: text, keysetSignatures }: SignedKeyset,
  trust: SyncConfig["trust"] | null,
): { readonly text: string; readonly json: object } {
  const { version, expiresAt, releaseKeys, threshold } = parseKeyset(text);
  const expires = new Date(expiresAt).toISOString();
  const signatures = keysetSignatures.map((signature) => ({
    keyId: signature.keyId,
    isTrusted: trust === null ? null : countSigners("keyset", text, [signature], trust.roots) === 1,
  }));
  const keys = releaseKeys.map((publicKey) => ({ keyId: keyId(publicKey), publicKey }));
  const lines = [
    `version:    ${version}`,
    `expires:    ${expires}`,
    `threshold:  ${threshold} of ${releaseKeys.length}`,
    ...keys.map((key) => `may sign:   ${key.keyId}  ${key.publicKey}`),
    ...signatures.map(({ keyId: id, isTrusted }) => `signed by:  ${id}${standing(isTrusted)}`),
  ];
  return {
    text: lines.join("\n"),
    json: { version, expiresAt: expires, threshold, releaseKeys: keys, signatures },
  };
}

function standing(isTrusted: boolean | null): string {
  if (isTrusted === null) return "";
  return isTrusted ? "  a trusted root" : "  NOT a signature of a trusted root";
}
