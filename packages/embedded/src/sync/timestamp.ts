import type { Timestamp } from "../contract.js";

/** Writes a timestamp as the sync protocol does: base64 of 8 little-endian bytes. */
export function encodeTimestamp(ts: Timestamp): string {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(ts);
  return bytes.toString("base64");
}

/**
 * Reads what `encodeTimestamp` wrote.
 *
 * @returns null if the text is not exactly 8 bytes in base64.
 */
export function decodeTimestamp(text: string): Timestamp | null {
  if (!/^[A-Za-z0-9+/]{11}=$/.test(text)) return null;
  const bytes = Buffer.from(text, "base64");
  return bytes.length === 8 ? bytes.readBigUInt64LE() : null;
}
