import { mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { prepareDataFolder } from "./prepare-data-folder.js";

const scratch = () => mkdtemp(join(tmpdir(), "tideline-data-"));

test("a new data folder is kept out of git, with all that is above it", async () => {
  const data = join(await scratch(), "a", "b");
  await prepareDataFolder(data);
  expect(await readFile(join(data, ".gitignore"), "utf8")).toBe("*\n");
});

test("a folder that was there is left as it is", async () => {
  const data = await scratch();
  await prepareDataFolder(data);
  expect(await readdir(data)).toEqual([]);
});

test("a file in its place is named", async () => {
  const file = join(await scratch(), "file");
  await writeFile(file, "");
  await expect(prepareDataFolder(file)).rejects.toThrow(
    `Cannot write to the data folder "${file}"`,
  );
});

test("a place where nothing can be made is named instead of tried for ever", async () => {
  await expect(prepareDataFolder("/proc/nope/data")).rejects.toThrow(
    'Cannot write to the data folder "/proc/nope/data"',
  );
});
