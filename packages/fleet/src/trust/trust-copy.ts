import { createHash } from "node:crypto";
import * as v from "valibot";
import type { TrustState } from "./trust-state.js";

/** One of the two copies. */
export interface TrustCopy {
  /** How many times the state was written; the higher copy is the newer one. */
  readonly counter: number;
  readonly state: TrustState;
}

const wholeNumber = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

// Fields that a later version adds are left alone; one that is missing makes the copy unusable.
const shape = v.object({
  counter: wholeNumber,
  state: v.object({
    keysetVersion: wholeNumber,
    signedAt: wholeNumber,
    subsystems: v.record(
      v.string(),
      v.object({
        seq: wholeNumber,
        manifest: v.nullable(v.string()),
        tags: v.record(v.string(), v.string()),
      }),
    ),
    revoked: v.array(v.string()),
  }),
});

/** Gives the text of a copy, with a checksum over what it says. */
export function formatTrustCopy({ counter, state }: TrustCopy): string {
  const body = { counter, state };
  return `${JSON.stringify({ ...body, checksum: checksumOf(body) }, null, 2)}\n`;
}

/**
 * Reads a copy.
 *
 * @throws {Error} If it is torn, or not what was written.
 */
export function parseTrustCopy(text: string): TrustCopy {
  const { checksum, ...body } = JSON.parse(text) as { readonly checksum?: unknown };
  if (checksum !== checksumOf(body)) {
    throw new TypeError(
      `Cannot read trust state: expected the checksum of its content, got "${checksum}"`,
    );
  }
  return v.parse(shape, body);
}

function checksumOf(body: object): string {
  return createHash("sha256").update(JSON.stringify(body), "utf8").digest("hex");
}
