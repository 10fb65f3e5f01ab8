import type { EncodedValue } from "../contract.js";

/**
 * Gives an encoded value as plain JSON for callers that do not know Convex's encoding. Loses the
 * types: an int64 becomes a string of its digits, bytes a string of base64, and what JSON has no
 * number for becomes its name.
 */
export function toCleanJson(value: EncodedValue): EncodedValue {
  if (Array.isArray(value)) return value.map(toCleanJson);
  if (typeof value !== "object" || value === null) return value;
  const { $integer, $float, $bytes } = value;
  if (typeof $integer === "string") {
    return Buffer.from($integer, "base64").readBigInt64LE().toString();
  }
  if (typeof $float === "string") return cleanFloat($float);
  if (typeof $bytes === "string") return $bytes;
  return Object.fromEntries(
    Object.entries(value).map(([field, inner]) => [field, toCleanJson(inner)]),
  );
}

function cleanFloat(base64: string): EncodedValue {
  const float = Buffer.from(base64, "base64").readDoubleLE();
  return Number.isFinite(float) ? float : String(float);
}
