/** What the validators of the fleet's functions cannot say; every problem is INVALID_ARGUMENT. */
import { isTargetName } from "@tideline/version";
import { SUBSYSTEM } from "@tideline/version/fleet";
import { ledgerError } from "../../model/ledger-error.js";
import { show } from "../../model/show.js";

/** Throws INVALID_ARGUMENT: what could not be done, what was needed, what was found. */
export function refuseArgument(doing: string, expected: string, got: unknown): never {
  throw ledgerError("INVALID_ARGUMENT", `Cannot ${doing}: expected ${expected}, got ${show(got)}`);
}

/** Checks the name of a channel. */
export function checkChannel(doing: string, channel: string): void {
  if (isTargetName(channel)) return;
  refuseArgument(
    doing,
    'channel of 1 to 64 letters, digits, ".", "_" or "-", beginning with a letter or digit',
    channel,
  );
}

/** Checks the name of a subsystem. */
export function checkSubsystem(doing: string, subsystem: string): void {
  if (SUBSYSTEM.test(subsystem)) return;
  refuseArgument(
    doing,
    'subsystem of 1 to 64 lower-case letters, digits, ".", "_" or "-"',
    subsystem,
  );
}

/** Checks a text for people: a name or a note. */
export function checkText(doing: string, field: string, text: string, maxLength: number): void {
  // Control characters would break terminals and logs.
  if (text.trim() !== "" && text.length <= maxLength && !/\p{Cc}/u.test(text)) return;
  refuseArgument(
    doing,
    `${field} of 1 to ${maxLength} characters without control characters`,
    text,
  );
}

/** Checks a note that may be left out; gives null if it is. */
export function checkNote(doing: string, note: string | undefined): string | null {
  if (note === undefined) return null;
  checkText(doing, "note", note, 500);
  return note;
}
