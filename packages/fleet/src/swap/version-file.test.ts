import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  formatVersionFile,
  parseVersionFile,
  readVersionFile,
  type VersionFile,
  writeVersionFile,
} from "./version-file.js";

const SHA = "a".repeat(64);
const BY_A_BUILD = `commit: 1d6f7ea\ntimestamp: 2025-12-21T08:35:43Z\nchecksum: ${SHA}\n`;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tideline-version-file-"));
});
afterAll(() => rm(folder, { recursive: true }));

test("the three lines of a subsystem's own build are read, and have no version and no seq", () => {
  expect(parseVersionFile(BY_A_BUILD)).toEqual({
    state: "read",
    file: {
      commit: "1d6f7ea",
      timestamp: Date.UTC(2025, 11, 21, 8, 35, 43),
      checksum: SHA,
      version: null,
      seq: null,
    },
  });
});

test("what is written is read back, line for line", () => {
  const hex = (minLength: number, maxLength: number) =>
    fc.string({ unit: fc.constantFrom(..."0123456789abcdef"), minLength, maxLength });
  const file: fc.Arbitrary<VersionFile> = fc.record({
    commit: fc.oneof(fc.constant(null), hex(7, 64)),
    timestamp: fc.integer({ min: 0, max: 4_000_000_000 }).map((seconds) => seconds * 1000),
    checksum: hex(64, 64),
    version: fc.oneof(fc.constant(null), fc.stringMatching(/^[!-~]{1,200}$/)),
    seq: fc.oneof(fc.constant(null), fc.maxSafeNat()),
  });
  fc.assert(
    fc.property(file, (value) => {
      expect(parseVersionFile(formatVersionFile(value))).toEqual({ state: "read", file: value });
    }),
    { verbose: true },
  );
});

test("any text at all is read or said to be unreadable, and never half-read", () => {
  const lines = fc.constantFrom(
    ...BY_A_BUILD.split("\n"),
    "version: 1.0",
    "seq: 7",
    "seq: -1",
    " ",
  );
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.array(lines).map((all) => all.join("\n")),
  );
  fc.assert(
    fc.property(text, (value) => {
      const reading = parseVersionFile(value);
      if (reading.state === "read") expect(reading.file.checksum).toBe(SHA);
      else expect(reading).toEqual({ state: "unreadable", problem: expect.any(String) });
    }),
    { numRuns: 500 },
  );
});

test.each([
  ["an empty file", "", /the line "" is unknown/],
  ["a line that is unknown", `${BY_A_BUILD}colour: red\n`, /"colour: red" is unknown/],
  ["a key that is there twice", `${BY_A_BUILD}commit: 1d6f7ea\n`, /"commit" is there twice/],
  ["a checksum that is cut off", BY_A_BUILD.slice(0, -3), /"checksum" is "a+"/],
  ["capitals in the checksum", BY_A_BUILD.replace(SHA, SHA.toUpperCase()), /"checksum" is "A+"/],
  ["no checksum", BY_A_BUILD.split("\n").slice(0, 2).join("\n"), /not all there/],
  ["a time that is none", BY_A_BUILD.replace("12-21", "13-21"), /"timestamp" is/],
  ["local time", BY_A_BUILD.replace("43Z", "43+01:00"), /"timestamp" is/],
  ["a seq beyond what a number holds", `${BY_A_BUILD}seq: 9999999999999999\n`, /"seq" is/],
  ["a version with a space", `${BY_A_BUILD}version: 1.0 beta\n`, /"version" is/],
  ["megabytes", BY_A_BUILD.repeat(100), /characters/],
])("%s makes the whole file unreadable", (_, text, problem) => {
  expect(parseVersionFile(text)).toEqual({
    state: "unreadable",
    problem: expect.stringMatching(problem),
  });
});

test("lines may end as Windows ends them", () => {
  expect(parseVersionFile(BY_A_BUILD.replaceAll("\n", "\r\n")).state).toBe("read");
});

test("a folder without the file, and a folder of that name, are told apart from a file", async () => {
  expect(await readVersionFile(join(folder, "nowhere"))).toEqual({ state: "absent" });
  expect(await readVersionFile(folder)).toEqual({ state: "absent" });
});

test("the file on disk has the documented lines, and everybody may read it", async () => {
  await writeVersionFile(folder, {
    commit: null,
    timestamp: Date.UTC(2026, 0, 2, 3, 4, 5),
    checksum: SHA,
    version: "2.10.25",
    seq: 7,
  });
  expect(await readFile(join(folder, ".version"), "utf8")).toBe(
    `commit: none\ntimestamp: 2026-01-02T03:04:05Z\nchecksum: ${SHA}\nversion: 2.10.25\nseq: 7\n`,
  );
  expect((await stat(join(folder, ".version"))).mode & 0o777).toBe(0o644);
  expect((await readVersionFile(folder)).state).toBe("read");
  await writeFile(join(folder, ".version"), "rubbish");
  expect((await readVersionFile(folder)).state).toBe("unreadable");
});
