import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fromBuffer } from "yauzl";
import { packageBinary, sha256Of } from "./package-binary.js";

const run = promisify(execFile);
const BINARY = Buffer.from(`#!/bin/sh\necho nats 2.10.25\n${"#".repeat(5000)}\n`);
const VERSION = "commit: abc\nversion: 2.10.25\n";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tideline-package-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const make = (format: "raw" | "gz" | "tar.gz" | "zip", versionFile: string | null = VERSION) =>
  packageBinary({ format, member: "nats-server", binary: BINARY, versionFile });

test.each(["raw", "gz", "tar.gz", "zip"] as const)(
  "%s: the same binary, the same bytes",
  async (format) => {
    const one = await make(format);
    await promisify(setImmediate)();
    const two = await make(format);
    expect(two.sha256).toBe(one.sha256);
    expect(one).toMatchObject({
      size: one.bytes.length,
      sha256: sha256Of(one.bytes),
      binary: { size: BINARY.length, sha256: sha256Of(BINARY) },
    });
  },
);

test("tar.gz: GNU tar lists the binary and .version, with fixed owner, mode and time", async () => {
  const path = join(folder, "p.tar.gz");
  const packaged = await make("tar.gz");
  await writeFile(path, packaged.bytes);
  const { stdout } = await run("tar", ["tvzf", path, "--numeric-owner", "--utc", "--full-time"]);
  expect(stdout.split("\n").map((line) => line.replace(/ +/g, " "))).toEqual([
    `-rwxr-xr-x 0/0 ${BINARY.length} 1980-01-01 00:00:00 nats-server`,
    `-rw-r--r-- 0/0 ${VERSION.length} 1980-01-01 00:00:00 .version`,
    "",
  ]);
  await run("tar", ["xzf", path, "-C", folder]);
  expect(await readFile(join(folder, "nats-server"))).toEqual(BINARY);
  expect((await stat(join(folder, "nats-server"))).mode & 0o777).toBe(0o755);
  expect(packaged.member).toBe("nats-server");
});

test("gzip says nothing of when and where it was made", async () => {
  const { bytes } = await make("gz");
  // RFC 1952, 2.3: no flags, no time; operating system unknown.
  expect([...bytes.subarray(3, 8), bytes[9]]).toEqual([0, 0, 0, 0, 0, 255]);
  expect(gunzipSync(bytes)).toEqual(BINARY);
});

test("zip: another reader finds the same members", async () => {
  const { bytes } = await make("zip");
  const entries = await readZip(bytes);
  expect(entries).toEqual([
    { name: "nats-server", mode: 0o100755, bytes: BINARY },
    { name: ".version", mode: 0o100644, bytes: Buffer.from(VERSION) },
  ]);
});

test("raw is the binary itself, whatever .version says", async () => {
  const { bytes, member } = await make("raw");
  expect(bytes).toEqual(BINARY);
  expect(member).toBeNull();
});

test("without a .version the binary is alone", async () => {
  expect(await readZip((await make("zip", null)).bytes)).toHaveLength(1);
});

test("another time of the file on disk makes no other package", async () => {
  const path = join(folder, "again");
  await writeFile(path, BINARY, { mode: 0o600 });
  await utimes(path, 1, 1);
  const again = { format: "tar.gz", member: "nats-server", versionFile: VERSION } as const;
  const packaged = await packageBinary({ ...again, binary: await readFile(path) });
  expect(packaged.sha256).toBe((await make("tar.gz")).sha256);
});

function readZip(bytes: Buffer): Promise<{ name: string; mode: number; bytes: Buffer }[]> {
  return new Promise((resolve, reject) => {
    const found: { name: string; mode: number; bytes: Buffer }[] = [];
    fromBuffer(bytes, { lazyEntries: true }, (error, zip) => {
      if (error) return reject(error);
      zip.on("error", reject).on("end", () => resolve(found));
      zip.on("entry", (entry) => {
        zip.openReadStream(entry, (failed, stream) => {
          if (failed) return reject(failed);
          const chunks: Buffer[] = [];
          stream.on("error", reject).on("data", (chunk: Buffer) => chunks.push(chunk));
          stream.on("end", () => {
            const mode = entry.externalFileAttributes >>> 16;
            found.push({ name: entry.fileName, mode, bytes: Buffer.concat(chunks) });
            zip.readEntry();
          });
        });
      });
      zip.readEntry();
    });
  });
}
