/**
 * What the validators of the functions' arguments cannot say: lengths, characters, ranges.
 * Every problem is a ConvexError INVALID_ARGUMENT: what could not be done, what was needed, what
 * was found.
 */
import { isPlaceholder, isTargetName, labelBuildId, parseBuildId } from "@tideline/version";
import type { TargetName } from "../data-model.js";
import { ledgerError } from "./ledger-error.js";
import { show } from "./show.js";
import { utf8 } from "./utf8.js";

const MAX_NOTES_BYTES = 4096;
// The largest moment that a JavaScript Date can hold.
const MAX_TIME_MS = 8_640_000_000_000_000;
const IMAGE_DIGEST = /^sha256:[0-9a-f]{64}$/;

/** What a caller says that a build is. */
export interface BuildClaim extends TargetName {
  readonly version: string;
  readonly gitCommit: string;
  readonly buildId?: string | undefined;
  readonly inputsId?: string | undefined;
  readonly imageDigest?: string | undefined;
}

/** What is checked of a record besides its build. */
export interface RecordClaim extends BuildClaim {
  readonly buildNumber: number;
  readonly buildTime: number;
  readonly gitTag?: string | null | undefined;
  readonly notes?: string | undefined;
  readonly commitTime?: number | undefined;
  readonly idempotencyKey?: string | undefined;
  readonly asOfEpoch?: number | undefined;
}

/** Checks the two names that make a target. */
export function checkTarget(doing: string, { appName, environment }: TargetName): void {
  for (const [field, value] of Object.entries({ appName, environment })) {
    if (!isTargetName(value)) {
      fail(
        doing,
        `${field} of 1 to 64 letters, digits, ".", "_" or "-", beginning with a letter or digit`,
        value,
      );
    }
  }
}

/**
 * Checks what names a build.
 *
 * @returns Its build id: the given one, or `"label:<version>"`.
 */
export function checkBuild(doing: string, claim: BuildClaim): string {
  checkName(doing, "version", claim.version, 128);
  checkName(doing, "gitCommit", claim.gitCommit, 100);
  if (claim.inputsId !== undefined) checkInputsId(doing, claim.inputsId);
  if (claim.imageDigest !== undefined && !IMAGE_DIGEST.test(claim.imageDigest)) {
    fail(doing, 'imageDigest as "sha256:" and 64 hex digits in lower case', claim.imageDigest);
  }
  if (claim.buildId === undefined) {
    if (isPlaceholder(claim.version)) {
      fail(doing, "buildId, or a version that names a build", claim.version);
    }
    return labelBuildId(claim.version);
  }
  // A label may have white space in it where its version has.
  if (!isPlaceholder(claim.version) && claim.buildId === labelBuildId(claim.version)) {
    return claim.buildId;
  }
  try {
    return parseBuildId(claim.buildId);
  } catch {
    // The parser's own text speaks of parsing; the caller asked for something else.
    return fail(doing, "buildId of 1 to 128 characters that names a build", claim.buildId);
  }
}

/** Checks the fingerprint of a build's inputs. */
export function checkInputsId(doing: string, inputsId: string): void {
  checkName(doing, "inputsId", inputsId, 128);
}

/** Checks everything else that a record says. */
export function checkRecord(doing: string, claim: RecordClaim): void {
  checkWholeNumber(doing, "buildNumber", claim.buildNumber, Number.MAX_SAFE_INTEGER);
  checkWholeNumber(doing, "buildTime in ms since epoch", claim.buildTime, MAX_TIME_MS);
  if (claim.commitTime !== undefined) {
    checkWholeNumber(doing, "commitTime in ms since epoch", claim.commitTime, MAX_TIME_MS);
  }
  if (claim.asOfEpoch !== undefined) {
    checkWholeNumber(doing, "asOfEpoch", claim.asOfEpoch, Number.MAX_SAFE_INTEGER);
  }
  if (typeof claim.gitTag === "string") checkName(doing, "gitTag", claim.gitTag, 256);
  if (claim.idempotencyKey !== undefined) {
    checkName(doing, "idempotencyKey", claim.idempotencyKey, 256);
  }
  if (claim.notes !== undefined) {
    // Characters first: nobody encodes ten megabytes to learn that they are too many.
    const isTooLong =
      claim.notes.length > MAX_NOTES_BYTES || utf8(claim.notes).length > MAX_NOTES_BYTES;
    if (isTooLong) fail(doing, `notes of at most ${MAX_NOTES_BYTES} bytes`, claim.notes);
  }
}

/** Checks the sentence that says why a target is held. */
export function checkReason(doing: string, reason: string): void {
  if (reason.trim() === "" || reason.length > 500) {
    fail(doing, "reason of 1 to 500 characters", reason);
  }
}

function checkName(doing: string, field: string, value: string, maxLength: number): void {
  // Control characters have no place in a name and would break terminals and logs.
  if (value.trim() === "" || value.length > maxLength || /\p{Cc}/u.test(value)) {
    fail(doing, `${field} of 1 to ${maxLength} characters without control characters`, value);
  }
}

function checkWholeNumber(doing: string, field: string, value: number, max: number): void {
  if (!Number.isInteger(value) || value < 0 || value > max) {
    fail(doing, `${field} as a whole number from 0 to ${max}`, value);
  }
}

function fail(doing: string, expected: string, got: string | number): never {
  throw ledgerError("INVALID_ARGUMENT", `Cannot ${doing}: expected ${expected}, got ${show(got)}`);
}
