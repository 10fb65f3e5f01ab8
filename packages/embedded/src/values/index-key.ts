/**
 * Index keys: values as bytes whose order is the order of the values.
 *
 * A key is a string with one character (0-255) for each byte, so that `<` is memcmp and a key can
 * be a Map's key; SQLite gets the same bytes as a BLOB. Each value starts with the tag of its
 * type, and types sort by their tags. Text and containers end with 0x00; a 0x00 inside text is
 * followed by 0xff. No tag is above 0x15, so 0xff is greater than whatever may follow a value.
 */
import type { EncodedValue } from "../contract.js";
import { decode } from "./encoded-value.js";

declare const isIndexKey: unique symbol;
export type IndexKey = string & { readonly [isIndexKey]: true };

/** The keys from `lower` on and below `upper`. */
export interface KeyInterval {
  readonly lower: IndexKey;
  readonly upper: IndexKey;
}

/** Below every key. */
export const FIRST_KEY = "" as IndexKey;
/** Above every key. */
export const LAST_KEY = "\xff" as IndexKey;

const TAG = {
  undefined: "\x01",
  null: "\x03",
  int64: "\x08",
  float64: "\x0d",
  false: "\x0e",
  true: "\x0f",
  string: "\x10",
  bytes: "\x11",
  array: "\x12",
  object: "\x15",
} as const;
const END = "\x00";

/** The key of a value, or of a missing field (undefined). */
export function keyOfValue(value: EncodedValue | undefined): IndexKey {
  return encode(value) as IndexKey;
}

/** The key of a document under an index: one value after the other. */
export function keyOfValues(values: readonly (EncodedValue | undefined)[]): IndexKey {
  let key = "";
  for (const value of values) key += encode(value);
  return key as IndexKey;
}

/** The first key after all that begin with this prefix of whole values. */
export function afterPrefix(prefix: IndexKey): IndexKey {
  return `${prefix}\xff` as IndexKey;
}

/** The first key after this very one. */
export function afterKey(key: IndexKey): IndexKey {
  return `${key}\x00` as IndexKey;
}

export function isInInterval(key: IndexKey, interval: KeyInterval): boolean {
  return key >= interval.lower && key < interval.upper;
}

/** The key as SQLite stores it. */
export function keyToBytes(key: IndexKey): Buffer {
  return Buffer.from(key, "latin1");
}

export function keyFromBytes(bytes: Buffer): IndexKey {
  return bytes.toString("latin1") as IndexKey;
}

function encode(value: EncodedValue | undefined): string {
  if (value === undefined) return TAG.undefined;
  if (typeof value === "string") return TAG.string + escapeText(toUtf8(value)) + END;
  const decoded = decode(value);
  switch (decoded.type) {
    case "null":
      return TAG.null;
    case "int64":
      return TAG.int64 + encodeInt64(decoded.value);
    case "commitTs":
      // Until it is known, a commit timestamp sorts after all that are.
      return TAG.int64 + encodeInt64(0x7fff_ffff_ffff_ffffn);
    case "float64":
      return TAG.float64 + encodeFloat64(decoded.value);
    case "boolean":
      return decoded.value ? TAG.true : TAG.false;
    case "string":
      return TAG.string + escapeText(toUtf8(decoded.value)) + END;
    case "bytes":
      return TAG.bytes + escapeText(decoded.value.toString("latin1")) + END;
    case "array": {
      let key: string = TAG.array;
      for (const element of decoded.value) key += encode(element);
      return key + END;
    }
    case "object": {
      let key: string = TAG.object;
      for (const field of Object.keys(decoded.value).sort()) {
        key += encode(field) + encode(decoded.value[field]);
      }
      return key + END;
    }
    default:
      return decoded satisfies never;
  }
}

const scratch = Buffer.alloc(8);

/** Big endian with the sign bit turned over, so that negative numbers come first. */
function encodeInt64(value: bigint): string {
  scratch.writeBigInt64BE(value);
  scratch[0] = (scratch[0] ?? 0) ^ 0x80;
  return scratch.toString("latin1");
}

/** Big endian; a negative float with all bits turned over, another with the sign bit set. */
function encodeFloat64(value: number): string {
  scratch.writeDoubleBE(value);
  const first = scratch[0] ?? 0;
  if (first < 0x80) {
    scratch[0] = first | 0x80;
  } else {
    for (let index = 0; index < 8; index += 1) scratch[index] = (scratch[index] ?? 0) ^ 0xff;
  }
  return scratch.toString("latin1");
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: the ASCII characters, all of them
const ASCII = /^[\x00-\x7f]*$/;

function toUtf8(text: string): string {
  return ASCII.test(text) ? text : Buffer.from(text, "utf8").toString("latin1");
}

function escapeText(bytes: string): string {
  return bytes.includes("\x00") ? bytes.replaceAll("\x00", "\x00\xff") : bytes;
}
