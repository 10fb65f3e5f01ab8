/**
 * Reading values in Convex's JSON encoding without decoding them whole.
 *
 * An object with the single field `$integer`, `$float`, `$bytes` or `$commitTs` is a scalar in
 * disguise; every other object is an object.
 */
import type { EncodedValue } from "../contract.js";

export type EncodedObject = { readonly [field: string]: EncodedValue };

/** What an encoded value is, with its decoded content where that is cheap. */
export type Decoded =
  | { readonly type: "null" }
  | { readonly type: "int64"; readonly value: bigint }
  | { readonly type: "float64"; readonly value: number }
  | { readonly type: "boolean"; readonly value: boolean }
  | { readonly type: "string"; readonly value: string }
  | { readonly type: "bytes"; readonly value: Buffer }
  /** A commit timestamp that is not known yet. */
  | { readonly type: "commitTs" }
  | { readonly type: "array"; readonly value: readonly EncodedValue[] }
  | { readonly type: "object"; readonly value: EncodedObject };

/**
 * Says what an encoded value is. Elements and fields stay encoded.
 *
 * @throws {SyntaxError} If it is not a value: an unknown `$` field, or malformed content of one.
 */
export function decode(value: EncodedValue): Decoded {
  switch (typeof value) {
    case "string":
      return { type: "string", value };
    case "number":
      return { type: "float64", value };
    case "boolean":
      return { type: "boolean", value };
    default:
  }
  if (value === null) return { type: "null" };
  if (Array.isArray(value)) return { type: "array", value };
  const tag = scalarTag(value);
  return tag === null ? { type: "object", value } : decodeScalar(tag, value[tag]);
}

/** An int64 in its encoding. */
export function encodeInteger(value: bigint): EncodedObject {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeBigInt64LE(value);
  return { $integer: bytes.toString("base64") };
}

/** A float in its encoding; only the special ones differ from the number itself. */
export function encodeFloat(value: number): EncodedValue {
  if (Number.isFinite(value) && !Object.is(value, -0)) return value;
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeDoubleLE(value);
  return { $float: bytes.toString("base64") };
}

/** The tag of a scalar that is written as an object, or null for a real object. */
function scalarTag(value: EncodedObject): string | null {
  let tag: string | null = null;
  for (const field in value) {
    if (tag !== null) throw new SyntaxError(`Cannot read a value: field "${tag}" is reserved`);
    if (!field.startsWith("$")) return null;
    tag = field;
  }
  return tag;
}

function decodeScalar(tag: string, content: EncodedValue | undefined): Decoded {
  if (tag === "$commitTs" && content === null) return { type: "commitTs" };
  if (typeof content !== "string") {
    throw new SyntaxError(`Cannot read a value: field "${tag}" is reserved or malformed`);
  }
  const bytes = Buffer.from(content, "base64");
  if (tag === "$bytes") return { type: "bytes", value: bytes };
  if ((tag === "$integer" || tag === "$float") && bytes.length !== 8) {
    throw new SyntaxError(`Received ${bytes.length} bytes, expected 8 for ${tag}`);
  }
  if (tag === "$integer") return { type: "int64", value: bytes.readBigInt64LE() };
  if (tag === "$float") return { type: "float64", value: readSpecialFloat(bytes) };
  throw new SyntaxError(`Cannot read a value: field "${tag}" is reserved`);
}

function readSpecialFloat(bytes: Buffer): number {
  const value = bytes.readDoubleLE();
  if (Number.isFinite(value) && !Object.is(value, -0)) {
    throw new SyntaxError(`Float ${value} should be encoded as a number`);
  }
  return value;
}
