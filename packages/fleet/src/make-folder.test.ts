import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeFolder } from "./make-folder.js";

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "tideline-folder-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

test("a folder is made with those above it, and one that is there is left alone", async () => {
  const path = join(root, "a/b/c");
  await makeFolder(path, 0o700);
  expect((await stat(path)).mode & 0o777).toBe(0o700);
  await makeFolder(path, 0o755);
  expect((await stat(path)).mode & 0o777).toBe(0o700);
});

test.skipIf(process.platform !== "linux")(
  "a file system that takes no folders is no endless loop, and the path is named",
  async () => {
    await expect(makeFolder("/proc/x/y")).rejects.toMatchObject({
      reason: "FOLDER_NOT_WRITABLE",
      nextStep: expect.stringContaining("write access to the folder of the path that is named"),
      message: 'Cannot make "/proc/x": expected "/proc" to take new folders, got "ENOENT"',
    });
  },
);

test("a file in the place of a folder above it is named", async () => {
  await writeFile(join(root, "file"), "");
  await expect(makeFolder(join(root, "file/x"))).rejects.toThrow(join(root, "file/x"));
});
