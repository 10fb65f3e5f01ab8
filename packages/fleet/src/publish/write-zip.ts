import { promisify } from "node:util";
import { crc32, deflateRaw } from "node:zlib";
import type { PackageMember } from "./package-member.js";

// APPNOTE 4.4.6: 1980-01-01, 00:00, the earliest time that the format knows.
const DOS_TIME = 0;
const DOS_DATE = (1 << 5) | 1;
// APPNOTE 4.4.3: deflate needs 2.0.
const VERSION_NEEDED = 20;
// APPNOTE 4.4.2: made on Unix (3), so that the high half of the external attributes is a mode.
const MADE_BY = (3 << 8) | VERSION_NEEDED;
const DEFLATED = 8;
const REGULAR_FILE = 0o100000;
const MAX_BYTES = 0xffff_fffe;

/**
 * Gives a zip of regular files whose bytes depend on nothing but names, modes and contents.
 *
 * @throws {RangeError} If a file would need Zip64.
 * @see https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
 */
export async function writeZip(members: readonly PackageMember[]): Promise<Buffer> {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, mode, bytes } of members) {
    const packed = await promisify(deflateRaw)(bytes, { level: 9 });
    if (bytes.length > MAX_BYTES || offset + packed.length > MAX_BYTES) {
      throw new RangeError(`Cannot write zip: expected less than 4 GiB, got "${name}"`);
    }
    const fields = commonFields(name, bytes, packed.length);
    const local = Buffer.concat([signature(0x04034b50), fields, Buffer.from(name)]);
    directory.push(directoryEntry(name, mode, fields, offset));
    parts.push(local, packed);
    offset += local.length + packed.length;
  }
  const central = Buffer.concat(directory);
  return Buffer.concat([...parts, central, endOfDirectory(members.length, central.length, offset)]);
}

/** What a local header (APPNOTE 4.3.7) and an entry of the directory (4.3.12) have in common. */
function commonFields(name: string, bytes: Buffer, packedSize: number): Buffer {
  const fields = Buffer.alloc(26);
  fields.writeUInt16LE(VERSION_NEEDED, 0);
  fields.writeUInt16LE(DEFLATED, 4);
  fields.writeUInt16LE(DOS_TIME, 6);
  fields.writeUInt16LE(DOS_DATE, 8);
  fields.writeUInt32LE(crc32(bytes), 10);
  fields.writeUInt32LE(packedSize, 14);
  fields.writeUInt32LE(bytes.length, 18);
  fields.writeUInt16LE(Buffer.byteLength(name), 22);
  return fields;
}

function directoryEntry(name: string, mode: number, fields: Buffer, offset: number): Buffer {
  const madeBy = Buffer.alloc(2);
  madeBy.writeUInt16LE(MADE_BY);
  const rest = Buffer.alloc(14);
  rest.writeUInt32LE(((REGULAR_FILE | mode) << 16) >>> 0, 6);
  rest.writeUInt32LE(offset, 10);
  return Buffer.concat([signature(0x02014b50), madeBy, fields, rest, Buffer.from(name)]);
}

/** APPNOTE 4.3.16. */
function endOfDirectory(count: number, size: number, offset: number): Buffer {
  const end = Buffer.alloc(18);
  end.writeUInt16LE(count, 4);
  end.writeUInt16LE(count, 6);
  end.writeUInt32LE(size, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([signature(0x06054b50), end]);
}

function signature(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
