import { REASONS, type ReasonCode } from "@tideline/version/fleet";
import * as v from "valibot";

/**
 * Reads a reason code that is on disk. One of a later `tideline-sync`, before that one was rolled back
 * itself, is no damage: an earlier one would forget what is denied, or could not end what was begun.
 *
 * @param unknown Stands in for a code that this version does not have.
 */
export function storedReason<Unknown extends ReasonCode | null>(
  unknown: Unknown,
): v.GenericSchema<unknown, ReasonCode | Unknown> {
  return v.pipe(
    v.string(),
    v.transform((code) => (Object.hasOwn(REASONS, code) ? (code as ReasonCode) : unknown)),
  );
}
