import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeFolder } from "./make-folder.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tideline-folder-"));
});
afterEach(async () => await rm(folder, { recursive: true, force: true }));

test("a folder is made with those above it, by several at once and again", async () => {
  const path = join(folder, "a/b/c");
  await Promise.all([makeFolder(path), makeFolder(path), makeFolder(join(folder, "a/d"))]);
  await makeFolder(path);
  expect((await stat(path)).isDirectory()).toBe(true);
});

test("a file in the way is an error", async () => {
  await writeFile(join(folder, "file"), "");
  await expect(makeFolder(join(folder, "file"))).rejects.toMatchObject({ code: "EEXIST" });
  await expect(makeFolder(join(folder, "file/a"))).rejects.toMatchObject({ code: "ENOTDIR" });
});

test.runIf(process.platform === "linux")("where nothing can be made, it ends", async () => {
  await expect(makeFolder("/proc/nope/data")).rejects.toMatchObject({ code: "ENOENT" });
});
