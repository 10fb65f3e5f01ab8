/**
 * The limits that every value keeps, and its size as Convex counts it.
 */
import type { EncodedValue } from "../contract.js";
import { SyscallError } from "../syscall-error.js";
import { decode } from "./encoded-value.js";

export interface ValueMeasure {
  /** Bytes. */
  readonly size: number;
  /** How many arrays and objects lie around its deepest scalar. */
  readonly nesting: number;
}

const MAX_NESTING = 64;
const MAX_ARRAY_LENGTH = 8192;
const MAX_FIELDS = 1024;
const MAX_FIELD_NAME_LENGTH = 1024;

// A surrogate that is not half of a pair: such text has no UTF-8 form.
const LONE_SURROGATE = /\p{Surrogate}/u;
const FIELD_NAME = /^[\x20-\x7e]*$/;

/**
 * Measures an encoded value, refusing what Convex refuses.
 *
 * @throws {SyscallError} For malformed encoding, unknown `$` fields, bad field names, arrays of
 *   more than 8192 elements, objects of more than 1024 fields, or nesting deeper than 64.
 */
export function checkValue(value: EncodedValue): ValueMeasure {
  return measure(value, 0);
}

/** @param depth How many arrays and objects are around it. */
function measure(value: EncodedValue, depth: number): ValueMeasure {
  if (depth > MAX_NESTING) {
    throw new SyscallError(
      `Value is too nested (nested ${depth} levels deep > maximum nesting ${MAX_NESTING})`,
    );
  }
  const decoded = decodeOrRefuse(value);
  switch (decoded.type) {
    case "null":
    case "boolean":
      return { size: 1, nesting: 0 };
    case "int64":
    case "float64":
    case "commitTs":
      return { size: 9, nesting: 0 };
    case "string":
      if (LONE_SURROGATE.test(decoded.value)) {
        throw new SyscallError("String is not valid Unicode: it contains a lone surrogate");
      }
      return { size: 2 + Buffer.byteLength(decoded.value), nesting: 0 };
    case "bytes":
      return { size: 2 + decoded.value.length, nesting: 0 };
    case "array": {
      if (decoded.value.length > MAX_ARRAY_LENGTH) {
        throw new SyscallError(
          `Array length is too long (${decoded.value.length} > maximum length ${MAX_ARRAY_LENGTH})`,
        );
      }
      let size = 2;
      let nesting = 0;
      for (const element of decoded.value) {
        const inner = measure(element, depth + 1);
        size += inner.size;
        if (inner.nesting > nesting) nesting = inner.nesting;
      }
      return { size, nesting: nesting + 1 };
    }
    case "object": {
      const fields = Object.keys(decoded.value);
      if (fields.length > MAX_FIELDS) {
        throw new SyscallError(
          `Object has too many fields (${fields.length} > maximum number ${MAX_FIELDS})`,
        );
      }
      let size = 2;
      let nesting = 0;
      for (const field of fields) {
        checkFieldName(field);
        const inner = measure(decoded.value[field] as EncodedValue, depth + 1);
        size += field.length + 1 + inner.size;
        if (inner.nesting > nesting) nesting = inner.nesting;
      }
      return { size, nesting: nesting + 1 };
    }
    default:
      return decoded satisfies never;
  }
}

function decodeOrRefuse(value: EncodedValue) {
  try {
    return decode(value);
  } catch (error) {
    throw new SyscallError(error instanceof Error ? error.message : String(error));
  }
}

function checkFieldName(field: string): void {
  if (field.length > MAX_FIELD_NAME_LENGTH) {
    throw new SyscallError(
      `Field name ${field} exceeds maximum field name length ${MAX_FIELD_NAME_LENGTH}.`,
    );
  }
  if (field.startsWith("$")) {
    throw new SyscallError(`Field name ${field} starts with a '$', which is reserved.`);
  }
  if (!FIELD_NAME.test(field)) {
    throw new SyscallError(
      `Field name ${field} has invalid character: Field names can only contain non-control ASCII characters`,
    );
  }
}
