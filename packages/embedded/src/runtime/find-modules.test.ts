import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { findModules } from "./find-modules.js";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function folderOf(files: { readonly [path: string]: string }): string {
  const folder = mkdtempSync(join(tmpdir(), "find-modules-"));
  folders.push(folder);
  for (const [path, source] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), source);
  }
  return folder;
}

const SOURCE = "export const a = 1;";

test("every source file is a module, named with .js", () => {
  const folder = folderOf({
    "a.ts": SOURCE,
    "dir/b.tsx": SOURCE,
    "c.js": "",
    "d.mjs": "",
    "e.md": "",
  });
  expect(findModules(folder).modules.map(({ path }) => path)).toEqual([
    "a.js",
    "c.js",
    "d.js",
    "dir/b.js",
  ]);
});

test("TypeScript without import or export is not a module", () => {
  expect(findModules(folderOf({ "a.ts": "const a = 1;" })).modules).toEqual([]);
});

test.each([
  ['"use node";\n', "node"],
  ["'use node'\n", "node"],
  ['// a comment\n/* and\nanother */ "use strict";\n"use node";\n', "node"],
  ["", "isolate"],
  ['import "x";\n"use node";\n', "isolate"],
  ['// "use node";\n', "isolate"],
  ['const text = "use node";\n', "isolate"],
])("a file that begins with %j runs in %s", (start, environment) => {
  const [module] = findModules(folderOf({ "a.ts": start + SOURCE })).modules;
  expect(module?.environment).toBe(environment);
});

test.each(["http.ts", "schema.ts"])('%s may not ask for "use node"', (name) => {
  const folder = folderOf({ [name]: `"use node";\n${SOURCE}` });
  expect(() => findModules(folder)).toThrow(`"use node" directive is not allowed for ${name}.`);
});

test("a long comment before the code is read at once", () => {
  const folder = folderOf({
    "a.ts": `${"// use node\n".repeat(20_000)}${" ".repeat(20_000)}${SOURCE}`,
  });
  const startedAt = performance.now();
  expect(findModules(folder).modules[0]?.environment).toBe("isolate");
  expect(performance.now() - startedAt).toBeLessThan(1_000);
});
