/**
 * Document ids: the table's number as a variable-length integer, 16 bytes, and a checksum of both,
 * as 31 to 37 characters of base 32. An id thus names its table, and a mistyped one is noticed.
 */
import { randomFillSync } from "node:crypto";

export interface DocumentIdParts {
  readonly tableNumber: number;
  /** 16 bytes. */
  readonly internalId: Buffer;
}

// Crockford's alphabet in lower case: no i, l, o, u.
const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const DIGIT_OF_CODE = new Map([...ALPHABET].map((digit, index) => [digit.charCodeAt(0), index]));

const INTERNAL_BYTES = 16;
const FOOTER_BYTES = 2;
// One to five bytes of table number, the internal id, the footer: in base 32.
const MIN_LENGTH = 31;
const MAX_LENGTH = 37;
const MS_PER_DAY = 86_400_000;

/** A new internal id: 14 random bytes, then the day, so that ids of one time share their end. */
export function newInternalId(nowMs: number): Buffer {
  const bytes = randomBytes(INTERNAL_BYTES);
  bytes.writeUInt16BE(Math.floor(nowMs / MS_PER_DAY) & 0xffff, INTERNAL_BYTES - 2);
  return bytes;
}

/** The text of an id. */
export function formatDocumentId({ tableNumber, internalId }: DocumentIdParts): string {
  const body = [...encodeVarint(tableNumber), ...internalId];
  const footer = fletcher16(body);
  return encodeBase32([...body, footer & 0xff, footer >> 8]);
}

/**
 * The parts of an id; null for any text that `formatDocumentId` would not have written.
 */
export function parseDocumentId(text: string): DocumentIdParts | null {
  if (text.length < MIN_LENGTH || text.length > MAX_LENGTH) return null;
  const bytes = decodeBase32(text);
  if (bytes === null) return null;
  const varint = decodeVarint(bytes);
  if (varint === null || bytes.length !== varint.length + INTERNAL_BYTES + FOOTER_BYTES)
    return null;
  const internalId = bytes.subarray(varint.length, varint.length + INTERNAL_BYTES);
  const parts = { tableNumber: varint.value, internalId };
  // Covers the checksum, the unused bits of the last digit and longer forms of the number.
  return formatDocumentId(parts) === text ? parts : null;
}

// Random bytes are drawn from the system 256 ids at a time: one draw costs as much as the rest.
const pool = Buffer.alloc(256 * INTERNAL_BYTES);
let used = pool.length;

function randomBytes(count: number): Buffer {
  if (used + count > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += count;
  return Buffer.from(pool.subarray(used - count, used));
}

/** Seven bits a byte, least first; the high bit says that more follow. */
function encodeVarint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest & 0x7f) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
  return bytes;
}

function decodeVarint(bytes: Buffer): { value: number; length: number } | null {
  let value = 0;
  for (let index = 0; index < 5; index += 1) {
    const byte = bytes[index];
    if (byte === undefined) return null;
    value += (byte & 0x7f) * 0x80 ** index;
    if (byte < 0x80) return value <= 0xffff_ffff ? { value, length: index + 1 } : null;
  }
  return null;
}

function fletcher16(bytes: readonly number[]): number {
  let low = 0;
  let high = 0;
  for (const byte of bytes) {
    low = (low + byte) % 255;
    high = (high + low) % 255;
  }
  return (high << 8) | low;
}

function encodeBase32(bytes: readonly number[]): string {
  let text = "";
  let bits = 0;
  let bitCount = 0;
  for (const byte of bytes) {
    bits = (bits << 8) | byte;
    bitCount += 8;
    while (bitCount >= 5) {
      bitCount -= 5;
      text += ALPHABET[(bits >> bitCount) & 31];
    }
    bits &= (1 << bitCount) - 1;
  }
  return bitCount === 0 ? text : text + ALPHABET[(bits << (5 - bitCount)) & 31];
}

function decodeBase32(text: string): Buffer | null {
  const bytes = Buffer.alloc(Math.floor((text.length * 5) / 8));
  let bits = 0;
  let bitCount = 0;
  let length = 0;
  for (let index = 0; index < text.length; index += 1) {
    const digit = DIGIT_OF_CODE.get(text.charCodeAt(index));
    if (digit === undefined) return null;
    bits = ((bits << 5) | digit) & 0xfff;
    bitCount += 5;
    if (bitCount >= 8) {
      bitCount -= 8;
      bytes[length] = (bits >> bitCount) & 0xff;
      length += 1;
    }
  }
  return bytes;
}
