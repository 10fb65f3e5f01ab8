import { FieldReader } from "./field-reader.js";
import { KEY_ID, SIGNATURE_VALUE } from "./fleet-patterns.js";
import { MAX_KEYSET_LENGTH } from "./parse-keyset.js";
import { MAX_MANIFEST_LENGTH } from "./parse-release-manifest.js";
import type { Signature, SignedRelease } from "./signed-release.js";
import { parseStrictJson } from "./strict-json.js";

const WHAT = "signed release";
const MAX_SIGNATURES = 16;

/**
 * Reads a signed release from outside: the ledger's row, or the text of `<subsystem>.release.json`.
 * Checks the shape alone; whether the signatures are worth anything is said by `verifyRelease` in
 * packages/fleet. An unsigned release has no signatures and an empty keyset.
 *
 * @param value The object, or its JSON.
 * @throws {SyntaxError | TypeError | RangeError} With what was expected, where, and what was found.
 */
export function parseSignedRelease(value: unknown): SignedRelease {
  // Escaping can double the length of the two texts.
  const maxLength = 2 * (MAX_MANIFEST_LENGTH + MAX_KEYSET_LENGTH) + 8_192;
  const json = typeof value === "string" ? parseStrictJson(value, WHAT, maxLength) : value;
  const fields = new FieldReader(json, WHAT, "", [
    ...["manifest", "signatures", "keyset", "keysetSignatures"],
  ]);
  return {
    manifest: readText(fields, "manifest", 1, MAX_MANIFEST_LENGTH),
    signatures: readSignatures(fields, "signatures"),
    keyset: readText(fields, "keyset", 0, MAX_KEYSET_LENGTH),
    keysetSignatures: readSignatures(fields, "keysetSignatures"),
  };
}

/**
 * Reads a keyset with the roots' signatures: the text of a keyset file. Checks the shape alone.
 *
 * @throws {SyntaxError | TypeError | RangeError} With what was expected, where, and what was found.
 */
export function parseSignedKeyset(
  text: string,
): Pick<SignedRelease, "keyset" | "keysetSignatures"> {
  const what = "keyset file";
  const json = parseStrictJson(text, what, 2 * MAX_KEYSET_LENGTH + 4_096);
  const fields = new FieldReader(json, what, "", ["keyset", "keysetSignatures"]);
  return {
    keyset: readText(fields, "keyset", 1, MAX_KEYSET_LENGTH),
    keysetSignatures: readSignatures(fields, "keysetSignatures"),
  };
}

function readText(fields: FieldReader, key: string, min: number, max: number): string {
  const text = fields.text(key, /^[\s\S]*$/, "a text");
  if (text.length >= min && text.length <= max) return text;
  throw fields.error(key, `${min} to ${max} characters`, text.length, RangeError);
}

function readSignatures(fields: FieldReader, key: string): Signature[] {
  const signatures = fields
    .list(key, { min: 0, max: MAX_SIGNATURES })
    .map((_, index): Signature => {
      const signature = fields.item(key, index, ["keyId", "value"]);
      return {
        keyId: signature.text("keyId", KEY_ID, "16 hex digits"),
        value: signature.text("value", SIGNATURE_VALUE, "a signature as 88 characters of base64"),
      };
    });
  const ids = signatures.map(({ keyId }) => keyId);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) throw fields.error(key, "every key once", twice);
  return signatures;
}
