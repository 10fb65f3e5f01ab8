import { FieldReader } from "./field-reader.js";
import { PUBLIC_KEY } from "./fleet-patterns.js";
import type { Keyset } from "./signed-release.js";
import { parseStrictJson } from "./strict-json.js";

const WHAT = "keyset";

/** The longest keyset, in UTF-16 units. The largest possible, with 16 keys, has 1,000. */
export const MAX_KEYSET_LENGTH = 4_096;

/** How many release keys a keyset may hold. */
export const MAX_RELEASE_KEYS = 16;

/**
 * Reads a keyset, strictly: every field of {@link Keyset} and nothing else, every key once and in
 * its one spelling, and a threshold that the keys can reach. Says nothing of who signed it.
 *
 * @throws {SyntaxError | TypeError | RangeError} With what was expected, where, and what was found.
 */
export function parseKeyset(text: string): Keyset {
  const fields = new FieldReader(parseStrictJson(text, WHAT, MAX_KEYSET_LENGTH), WHAT, "", [
    ...["format", "version", "expiresAt", "releaseKeys", "threshold"],
  ]);
  const releaseKeys = fields.texts(
    "releaseKeys",
    { min: 1, max: MAX_RELEASE_KEYS },
    PUBLIC_KEY,
    "a public key as 44 characters of base64",
  );
  return {
    format: fields.oneOf("format", [1]),
    version: fields.wholeNumber("version", 1, 2_147_483_647),
    expiresAt: fields.wholeNumber("expiresAt", 1, 8_640_000_000_000_000),
    releaseKeys,
    threshold: fields.wholeNumber("threshold", 1, releaseKeys.length),
  };
}
