import type { EncodedValue } from "../contract.js";
import { SyscallError } from "../syscall-error.js";
import { checkValue } from "../values/check-value.js";
import { FunctionError } from "./function-error.js";

const MEBIBYTE = 1 << 20;
const MAX_BYTES = 16 * MEBIBYTE;

// Below that no value can have too many elements or fields, so only its nesting can be wrong.
const MIN_LARGE_LENGTH = 4_096;
const MAX_NESTING = 64;

/**
 * Refuses arguments that are above a value's limits.
 *
 * @param json The same as JSON text.
 * @throws {FunctionError}
 */
export function checkArguments(identifier: string, args: EncodedValue, json: string): void {
  const size = sizeOf(args, json, `Arguments for ${identifier} are invalid`);
  if (size <= MAX_BYTES) return;
  throw new FunctionError(
    `Arguments for ${identifier} are too large (actual: ${mebibytes(size)}, limit: 16 MiB)`,
  );
}

/**
 * Refuses a function's value that is above a value's limits.
 *
 * @param json JSON text of the encoded value.
 * @throws {FunctionError}
 */
export function checkResult(identifier: string, json: string): void {
  if (!mayBreakLimits(json)) return;
  const size = sizeOf(JSON.parse(json), json, `Function ${identifier} return value is invalid`);
  if (size <= MAX_BYTES) return;
  throw new FunctionError(
    `Function ${identifier} return value is too large (actual: ${mebibytes(size)}, limit: 16 MiB)`,
  );
}

/** 0 for a value that is too small to matter: measuring costs more than many a query. */
function sizeOf(value: EncodedValue, json: string, refusal: string): number {
  if (!mayBreakLimits(json)) return 0;
  try {
    return checkValue(value).size;
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    throw new FunctionError(`${refusal}: ${error.message}`);
  }
}

/** False if the text is too short, and opens too few arrays and objects, to break a limit. */
function mayBreakLimits(json: string): boolean {
  if (json.length >= MIN_LARGE_LENGTH) return true;
  if (json.length <= 2 * MAX_NESTING) return false;
  let opened = 0;
  for (let index = 0; index < json.length; index += 1) {
    const code = json.charCodeAt(index);
    if (code === OPEN_BRACKET || code === OPEN_BRACE) opened += 1;
  }
  return opened > MAX_NESTING;
}

const OPEN_BRACKET = 0x5b;
const OPEN_BRACE = 0x7b;

function mebibytes(bytes: number): string {
  return `${(bytes / MEBIBYTE).toFixed(1)} MiB`;
}
