import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { hashArtifact, hashFiles } from "./hash-artifact.js";
import { listFiles } from "./list-files.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "artifact-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const page = (stamp: string) =>
  `<html><head><meta name="tideline-build" content="${stamp}"></head><body>1</body></html>`;
const FILES = { "index.html": page("{}"), "assets/a.js": "a", "robots.txt": "r" };
const write = (files: Record<string, string>) => {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
};
const inMemory = (files: Record<string, string>) =>
  hashFiles(Object.entries(files).map(([path, bytes]) => ({ path, bytes })));

test("the id is 16 hex digits, and the same from disk and from memory in any order", async () => {
  write(FILES);
  const id = await hashArtifact(folder);
  expect(id).toMatch(/^[0-9a-f]{16}$/);
  expect(inMemory(FILES)).toBe(id);
  expect(inMemory(Object.fromEntries(Object.entries(FILES).reverse()))).toBe(id);
});

test("stamps in pages and the version.json at the top do not count", () => {
  const id = inMemory(FILES);
  expect(inMemory({ ...FILES, "index.html": page("{&quot;version&quot;:&quot;2&quot;}") })).toBe(
    id,
  );
  expect(inMemory({ ...FILES, "version.json": "{}" })).toBe(id);
});

test.each<[title: string, files: Record<string, string>]>([
  ["a changed byte", { ...FILES, "assets/a.js": "b" }],
  ["a changed page", { ...FILES, "index.html": page("{}").replace("1", "2") }],
  ["one more file", { ...FILES, "empty.txt": "" }],
  ["a renamed file", { "index.html": page("{}"), "assets/b.js": "a", "robots.txt": "r" }],
  ["a version.json below the top", { ...FILES, "api/version.json": "{}" }],
  ["content moved between files", { ...FILES, "assets/a.js": "r", "robots.txt": "a" }],
])("%s is another build", (_, files) => {
  expect(inMemory(files)).not.toBe(inMemory(FILES));
});

test("ignored paths do not count", async () => {
  write(FILES);
  const id = await hashArtifact(folder);
  write({ "assets/a.js.map": "{}" });
  expect(await hashArtifact(folder)).not.toBe(id);
  expect(await hashArtifact(folder, { ignore: (path) => path.endsWith(".map") })).toBe(id);
});

test("files are listed by code unit, links followed and circles left", async () => {
  write({ "b.txt": "", "B.txt": "", "a/x.txt": "", "a.txt": "" });
  symlinkSync(join(folder, "a"), join(folder, "linked"));
  symlinkSync(folder, join(folder, "a", "up"));
  expect(await listFiles(folder)).toEqual(["B.txt", "a.txt", "a/x.txt", "b.txt", "linked/x.txt"]);
});

test("a folder that is not there is an error", async () => {
  await expect(hashArtifact(join(folder, "none"))).rejects.toThrow("ENOENT");
});
