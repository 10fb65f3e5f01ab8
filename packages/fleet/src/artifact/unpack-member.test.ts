/** Row 11: no archive writes anything but the one file that was asked for, and hostile ones not even that. */
import { createHash, randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32, deflateRawSync, gzipSync } from "node:zlib";
import type { ReleaseArtifact } from "@tideline/version/fleet";
import fc from "fast-check";
import { packTar, type TarEntry } from "modern-tar";
import { beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { PIECE_BYTES } from "./inflate.js";
import { unpackMember } from "./unpack-member.js";

const BINARY = Buffer.concat([Buffer.from("#!/bin/sh\necho 1.0.0\n"), randomBytes(70_000)]);
const MEMBER = "nats-server";
const FILE = { name: MEMBER, type: "file", size: BINARY.length, mode: 0o755 } as const;

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const expected = { size: BINARY.length, sha256: sha256(BINARY) };

type Format = ReleaseArtifact["format"];

let folder: string;
let to: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tideline-unpack-"));
  await mkdir(join(folder, "bin", ".staging"), { recursive: true });
  to = join(folder, "bin", ".staging", "binary.part");
  onTestFinished(() => rm(folder, { recursive: true }));
});

const archivePath = () => join(folder, "bin", ".staging", "archive");

async function unpack(format: Format, archive: Uint8Array, more: object = {}): Promise<void> {
  await writeFile(archivePath(), archive);
  const member = format === "tar.gz" || format === "zip" ? MEMBER : null;
  await unpackMember({
    archive: archivePath(),
    artifact: { format, member, binary: expected },
    to,
    ...more,
  });
}

const allFiles = async () =>
  (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => !entry.isDirectory())
    .map((entry) => entry.name)
    .sort();

/** Unpacks what has to be refused; nothing but the archive itself may be there afterwards. */
async function refuse(
  format: Format,
  archive: Uint8Array,
  reason: string,
  more = {},
): Promise<string> {
  const outside = (await readdir(tmpdir())).filter((name) => name.includes("evil"));
  const error = await unpack(format, archive, more).catch((error) => error);
  expect(error).toMatchObject({ name: "SyncError", reason });
  expect(await allFiles()).toEqual(["archive"]);
  expect((await readdir(tmpdir())).filter((name) => name.includes("evil"))).toEqual(outside);
  return error.message;
}

const tar = async (...entries: readonly TarEntry[]) => gzipSync(await packTar(entries));
const good: TarEntry = { header: FILE, body: BINARY };
const other = (header: object, body?: Uint8Array): TarEntry => ({
  header: { name: "other", size: body?.length ?? 0, ...header } as TarEntry["header"],
  ...(body === undefined ? {} : { body }),
});

interface ZipMember {
  readonly name: string | Buffer;
  readonly bytes?: Buffer;
  readonly attributes?: number;
  readonly declaredSize?: number;
  readonly method?: number;
  readonly flags?: number;
}

/** A zip with whatever is asked for; APPNOTE 4.3.7, 4.3.12, 4.3.16. */
function zip(...members: readonly ZipMember[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const member of members) {
    const { bytes = Buffer.alloc(0), attributes = 0o100755 << 16, method = 8, flags = 0 } = member;
    const name = Buffer.from(member.name as string);
    const packed = method === 8 ? deflateRawSync(bytes) : bytes;
    const fields = Buffer.alloc(26);
    [20, flags, method, 0, 33].forEach((value, index) => {
      fields.writeUInt16LE(value, 2 * index);
    });
    fields.writeUInt32LE(crc32(bytes), 10);
    fields.writeUInt32LE(packed.length, 14);
    fields.writeUInt32LE(member.declaredSize ?? bytes.length, 18);
    fields.writeUInt16LE(name.length, 22);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(attributes >>> 0, 6);
    rest.writeUInt32LE(offset, 10);
    directory.push(Buffer.from("PK\x01\x02\x14\x03", "latin1"), fields, rest, name);
    const local = Buffer.concat([Buffer.from("PK\x03\x04", "latin1"), fields, name, packed]);
    parts.push(local);
    offset += local.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(members.length, 4);
  end.writeUInt16LE(members.length, 6);
  end.writeUInt32LE(central.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...parts, central, Buffer.from("PK\x05\x06", "latin1"), end]);
}

describe("unpackMember()", () => {
  test.each([
    ["raw", async () => BINARY],
    ["gz", async () => gzipSync(BINARY)],
    [
      "tar.gz",
      () =>
        tar(
          other({ name: "./", type: "directory" }),
          good,
          other({ name: ".version" }, Buffer.from("x")),
        ),
    ],
    [
      "zip",
      async () =>
        zip({ name: "doc/", attributes: 0o040755 << 16 }, { name: MEMBER, bytes: BINARY }),
    ],
  ] as const)(
    "takes the binary out of %s, mode 0755, and writes nothing else",
    async (format, make) => {
      await unpack(format, await make());
      expect(BINARY.equals(await readFile(to))).toBe(true);
      expect((await stat(to)).mode & 0o7777).toBe(0o755);
      expect(await allFiles()).toEqual(["archive", "binary.part"]);
    },
  );

  test("does not look at the stored mode", async () => {
    await unpack("tar.gz", await tar({ header: { ...FILE, mode: 0o000 }, body: BINARY }));
    expect((await stat(to)).mode & 0o7777).toBe(0o755);
    await unpack("zip", zip({ name: MEMBER, bytes: BINARY, attributes: 0 }));
    expect((await stat(to)).mode & 0o7777).toBe(0o755);
  });

  test("takes a stored entry of a zip, and long names in a tar", async () => {
    await unpack("zip", zip({ name: MEMBER, bytes: BINARY, method: 0 }));
    const member = `${"long/".repeat(40)}nats-server`;
    const archive = await tar({ header: { ...FILE, name: member }, body: BINARY });
    await unpack("tar.gz", archive, { artifact: { format: "tar.gz", member, binary: expected } });
    expect(BINARY.equals(await readFile(to))).toBe(true);
  });

  test("removes what an interrupted run has left under the name", async () => {
    await writeFile(to, "half");
    await unpack("raw", BINARY);
    expect(BINARY.equals(await readFile(to))).toBe(true);
  });
});

describe("row 11: a tar.gz is refused for", () => {
  test.each([
    ["a name that leads out", { name: "../../evil" }, 'one with ".."'],
    ["a name that leads out in the middle", { name: "a/../../evil" }, 'one with ".."'],
    ["an absolute name", { name: "/tmp/evil" }, "an absolute one"],
    ["a drive", { name: "C:/evil" }, "one with a drive"],
    ["a backslash", { name: "..\\evil" }, "one with a backslash"],
    ["a line break in a name", { name: "evil\nnats-server" }, "one with a control character"],
    [
      "a name that leads out, in an extended header",
      { name: "x", pax: { path: "../evil" } },
      'one with ".."',
    ],
    ["a symbolic link", { name: "evil", type: "symlink", linkname: "/etc" }, "got a symlink"],
    ["a hard link", { name: "evil", type: "link", linkname: "/etc/passwd" }, "got a link"],
    ["a pipe", { name: "evil", type: "fifo" }, "got a fifo"],
    ["a character device", { name: "evil", type: "character-device" }, "got a character-device"],
    ["a block device", { name: "evil", type: "block-device" }, "got a block-device"],
    ["setuid", { name: "evil", mode: 0o4755 }, "got mode 4755"],
    ["setgid", { name: "evil", mode: 0o2755 }, "got mode 2755"],
  ])("%s, before the binary or after it", async (_, header, message) => {
    for (const entries of [
      [other(header), good],
      [good, other(header)],
    ]) {
      expect(await refuse("tar.gz", await tar(...entries), "ARCHIVE_UNSAFE")).toContain(message);
    }
  });

  test.each([
    ["a symbolic link", { type: "symlink", linkname: "/bin/sh", size: 0 }],
    ["a hard link", { type: "link", linkname: "/bin/sh", size: 0 }],
    ["a pipe", { type: "fifo", size: 0 }],
    ["a folder", { type: "directory", size: 0 }],
    ["a setuid file", { mode: 0o4755 }],
  ])("%s in the place of the binary", async (_, change) => {
    const entry = { header: { ...FILE, ...change } } as TarEntry;
    if (entry.header.size > 0) Object.assign(entry, { body: BINARY });
    await refuse("tar.gz", await tar(entry), "ARCHIVE_UNSAFE");
  });

  test("the binary twice, the same or another", async () => {
    await refuse("tar.gz", await tar(good, good), "ARCHIVE_UNSAFE");
    const evil = Buffer.from(BINARY).reverse();
    await refuse("tar.gz", await tar(good, { header: FILE, body: evil }), "ARCHIVE_UNSAFE");
  });

  test("a binary of another size or of other bytes", async () => {
    for (const size of [BINARY.length - 1, BINARY.length + 1, 0]) {
      const archive = await tar({ header: { ...FILE, size }, body: Buffer.alloc(size) });
      await refuse("tar.gz", archive, "SIZE_MISMATCH");
    }
    const archive = await tar({ header: FILE, body: Buffer.alloc(BINARY.length) });
    await refuse("tar.gz", archive, "CHECKSUM_MISMATCH");
  });

  test("nothing of that exact name, and an archive of nothing", async () => {
    for (const name of ["./nats-server", "bin/nats-server", "nats-server2", "NATS-server"]) {
      const archive = await tar({ header: { ...FILE, name }, body: BINARY });
      await refuse("tar.gz", archive, "MEMBER_MISSING");
    }
    await refuse("tar.gz", await tar(), "MEMBER_MISSING");
  });

  test("an end at each twentieth, outside and inside of the gzip", async () => {
    const plain = Buffer.from(await packTar([good]));
    const packed = gzipSync(plain);
    for (let part = 0; part < 20; part++) {
      const cut = (bytes: Buffer) => bytes.subarray(0, Math.floor((bytes.length * part) / 20));
      await refuse("tar.gz", cut(packed), "ARCHIVE_INVALID");
      await refuse("tar.gz", gzipSync(cut(plain)), "ARCHIVE_INVALID");
    }
  });

  test("garbage, outside and inside of the gzip", async () => {
    await refuse("tar.gz", randomBytes(5_000), "ARCHIVE_INVALID");
    await refuse("tar.gz", gzipSync(randomBytes(5_000)), "ARCHIVE_INVALID");
    await refuse("tar.gz", Buffer.from("BZh91AY&SY"), "ARCHIVE_INVALID");
  });

  test("more entries than anybody packs", async () => {
    const many = Array.from({ length: 10_001 }, (_, index) => other({ name: `f${index}` }));
    await refuse("tar.gz", await tar(...many), "ARCHIVE_UNSAFE");
  });
});

describe("row 11: a bomb at a ratio of", () => {
  const ZEROS = 96 * 1024 * 1024;

  let zeros: Buffer;
  beforeAll(() => {
    zeros = gzipSync(Buffer.alloc(ZEROS), { level: 9 });
  });

  /** An archive that unpacks to `ratio` times its size: zeros, then as many random bytes as it takes. */
  function bomb(ratio: number, head = Buffer.alloc(0)): Buffer {
    // Several gzips in a row are one (RFC 1952, 2.2).
    const start = Buffer.concat([head.length > 0 ? gzipSync(head) : head, zeros]);
    const plain = head.length + ZEROS;
    const noise = Math.round((plain - ratio * start.length) / (ratio - 1));
    expect(noise).toBeGreaterThan(100);
    const packed = Buffer.concat([start, gzipSync(randomBytes(noise - 30), { level: 0 })]);
    expect(Math.round((plain + noise) / packed.length)).toBe(ratio);
    return packed;
  }

  /** Refuses it and says how many packed bytes were read for that. */
  async function bytesFed(
    format: Format,
    archive: Buffer,
    reason: string,
    more = {},
  ): Promise<number> {
    let fed = 0;
    async function* read() {
      for (let at = 0; at < archive.length; at += PIECE_BYTES) {
        const piece = archive.subarray(at, at + PIECE_BYTES);
        fed += piece.length;
        yield piece;
      }
    }
    await refuse(format, archive, reason, { read, ...more });
    return fed;
  }

  const headerOf = async (header: object) => {
    const archive = await packTar([other({ size: ZEROS, ...header }, new Uint8Array(ZEROS))]);
    return Buffer.from(archive.subarray(0, 512));
  };

  test.each([999, 1001])("%i is stopped in a gz at the first byte too many", async (ratio) => {
    const fed = await bytesFed("gz", bomb(ratio), "SIZE_MISMATCH");
    expect(fed).toBeLessThanOrEqual(4 * PIECE_BYTES);
  });

  test.each([999, 1001])(
    "%i is stopped at its header where it has the binary's name",
    async (ratio) => {
      const archive = bomb(ratio, await headerOf({ name: MEMBER }));
      expect(await bytesFed("tar.gz", archive, "SIZE_MISMATCH")).toBeLessThanOrEqual(
        4 * PIECE_BYTES,
      );
    },
  );

  test.each([999, 1001])("%i is stopped at its header where it is another entry", async (ratio) => {
    const archive = bomb(ratio, await headerOf({ name: "evil" }));
    const fed = await bytesFed("tar.gz", archive, "ARCHIVE_UNSAFE");
    expect(fed).toBeLessThanOrEqual(4 * PIECE_BYTES);
  });

  test.each([999, 1001])(
    "%i is stopped before its end where it follows the archive's",
    async (ratio) => {
      const script = Buffer.from("#!/bin/sh\n");
      const header = { name: MEMBER, type: "file", size: script.length } as const;
      const archive = bomb(ratio, Buffer.from(await packTar([{ header, body: script }])));
      const binary = { size: script.length, sha256: sha256(script) };
      const artifact = { format: "tar.gz", member: MEMBER, binary };
      const fed = await bytesFed("tar.gz", archive, "ARCHIVE_UNSAFE", { artifact });
      expect(fed).toBeLessThan(archive.length);
    },
  );

  test("over 1000 is stopped in a zip that lies about its size", async () => {
    const bytes = Buffer.alloc(ZEROS);
    const archive = zip({ name: MEMBER, bytes, declaredSize: BINARY.length });
    expect(ZEROS / archive.length).toBeGreaterThan(1000);
    expect(await refuse("zip", archive, "ARCHIVE_INVALID")).toContain("too many bytes");
  });
});

describe("row 11: a zip is refused for", () => {
  const entry = { name: MEMBER, bytes: BINARY };

  test.each([
    ["a name that leads out", { name: "../../evil" }],
    ["an absolute name", { name: "/tmp/evil" }],
    ["a drive", { name: "C:\\evil" }],
    ["a backslash", { name: "..\\..\\evil" }],
    ["a harmless backslash", { name: "bin\\evil" }],
    ["a symbolic link", { name: "evil", bytes: Buffer.from("/etc"), attributes: 0o120777 << 16 }],
    ["a pipe", { name: "evil", attributes: 0o010644 << 16 }],
    ["a device", { name: "evil", attributes: 0o020644 << 16 }],
    ["setuid", { name: "evil", attributes: 0o104755 << 16 }],
    ["a file with a folder's name", { name: "evil/", attributes: 0o100644 << 16 }],
    ["no name", { name: "" }],
  ])("%s, before the binary or after it", async (_, hostile) => {
    await refuse("zip", zip(hostile, entry), "ARCHIVE_UNSAFE");
    await refuse("zip", zip(entry, hostile), "ARCHIVE_UNSAFE");
  });

  test("a symbolic link in the place of the binary", async () => {
    await refuse("zip", zip({ ...entry, attributes: 0o120777 << 16 }), "ARCHIVE_UNSAFE");
  });

  test("the binary twice", async () => {
    await refuse("zip", zip(entry, entry), "ARCHIVE_UNSAFE");
  });

  test("another size, other bytes, another name, nothing at all", async () => {
    await refuse("zip", zip({ ...entry, bytes: BINARY.subarray(1) }), "SIZE_MISMATCH");
    await refuse(
      "zip",
      zip({ ...entry, bytes: BINARY.subarray(1), declaredSize: BINARY.length }),
      "ARCHIVE_INVALID",
    );
    await refuse("zip", zip({ ...entry, bytes: Buffer.alloc(BINARY.length) }), "CHECKSUM_MISMATCH");
    await refuse("zip", zip({ ...entry, name: "bin/nats-server" }), "MEMBER_MISSING");
    await refuse("zip", zip(), "MEMBER_MISSING");
  });

  test("encryption, and a method that is neither stored nor deflated", async () => {
    await refuse("zip", zip({ ...entry, flags: 1 }), "FORMAT_UNSUPPORTED");
    await refuse("zip", zip({ ...entry, method: 14 }), "FORMAT_UNSUPPORTED");
  });

  test("an end at each twentieth, and garbage", async () => {
    const archive = zip(entry);
    for (let part = 0; part < 20; part++) {
      await refuse("zip", archive.subarray(0, (archive.length * part) / 20), "ARCHIVE_INVALID");
    }
    await refuse("zip", randomBytes(5_000), "ARCHIVE_INVALID");
  });
});

describe("row 11: a gz is refused for", () => {
  test("garbage, nothing, an early end, a byte too many, other bytes", async () => {
    await refuse("gz", randomBytes(5_000), "ARCHIVE_INVALID");
    await refuse("gz", Buffer.alloc(0), "ARCHIVE_INVALID");
    await refuse("gz", gzipSync(BINARY).subarray(0, -20), "ARCHIVE_INVALID");
    await refuse("gz", gzipSync(Buffer.concat([BINARY, Buffer.from("x")])), "SIZE_MISMATCH");
    await refuse("gz", gzipSync(Buffer.alloc(BINARY.length)), "CHECKSUM_MISMATCH");
  });
});

test("an archive with any bytes changed gives the binary or nothing", async () => {
  const archives = { "tar.gz": await tar(good), zip: zip({ name: MEMBER, bytes: BINARY }) };
  const seed = Number(process.env.TIDELINE_SEED ?? Date.now() % 2 ** 31);
  const change = fc.record({ at: fc.double({ min: 0, max: 0.999, noNaN: true }), to: fc.nat(255) });
  // The bytes at either end are those that mean something.
  const edge = fc.record({
    at: fc.oneof(
      fc.double({ min: 0, max: 0.002, noNaN: true }),
      fc.double({ min: 0.998, max: 0.9999, noNaN: true }),
    ),
    to: fc.nat(255),
  });
  const changes = fc.array(fc.oneof(change, edge), { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom("tar.gz" as const, "zip" as const),
      changes,
      async (format, all) => {
        const archive = Buffer.from(archives[format]);
        for (const { at, to } of all) archive[Math.floor(at * archive.length)] = to;
        const error = await unpack(format, archive).catch((error) => error);
        if (error === undefined) {
          expect(BINARY.equals(await readFile(to))).toBe(true);
          await rm(to);
        } else expect(error).toMatchObject({ name: "SyncError" });
        expect(await allFiles()).toEqual(["archive"]);
      },
    ),
    { seed, numRuns: 300 },
  );
});
