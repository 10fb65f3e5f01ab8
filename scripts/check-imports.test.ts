import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { REPOSITORY } from "./build-app.js";
import { checkImports } from "./check-imports.js";

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "tideline-imports-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function check(path: string, text: string): Promise<string[]> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), text);
  return await checkImports(root);
}

describe("checkImports()", () => {
  test("finds nothing in this repository", async () => {
    expect(await checkImports(REPOSITORY)).toEqual([]);
  });

  test.each([
    ["packages/version/src/a.ts", 'import "convex/values";'],
    ["packages/version/src/a.ts", 'import "node:fs";'],
    ["packages/version/src/a.ts", 'import "left-pad";'],
    ["packages/embedded/src/a.ts", 'import { judge } from "@tideline/version";'],
    ["packages/embedded/src/a.ts", 'export * from "@tideline/version";'],
    ["packages/watch/src/a.ts", 'import "convex/browser";'],
    ["packages/watch/src/a.ts", 'import "react";'],
    ["packages/react/src/a.tsx", 'await import("convex/server");'],
    ["packages/react/src/a.tsx", 'import { type A, b } from "@tideline/watch/convex";'],
    ["packages/cli/src/a.ts", 'import "../../stamp/src/git.js";'],
    ["packages/cli/src/a.ts", 'import "react";'],
    ["packages/stamp/src/a.ts", 'import "@tideline/version/src/judge.js";'],
    ["apps/web/src/a.tsx", 'import "../../admin/src/b.js";'],
    ["apps/web/src/a.tsx", 'import "@tideline/embedded";'],
    ["apps/web/src/a.tsx", 'import "@tideline/vite-plugin";'],
    ["convex/a.ts", 'import "@tideline/version";'],
    ["packages/newcomer/src/a.ts", ""],
  ])("finds in %s: %s", async (path, text) => {
    expect(await check(path, text)).toEqual([expect.stringContaining(path)]);
  });

  test.each([
    ["packages/embedded/src/a.ts", 'import type { Verdict } from "@tideline/version";'],
    ["packages/watch/src/a.ts", 'import { type A, type B } from "convex/browser";'],
    ["packages/watch/src/convex.ts", 'import "convex/browser";'],
    ["packages/react/src/a.tsx", 'import "react/jsx-runtime"; import "../styles.css";'],
    ["packages/version/src/a.test.ts", 'import "convex/values";'],
    ["packages/testing/src/a.ts", 'import "@tideline/react";'],
    ["packages/embedded/bench/a.ts", 'import "@tideline/ledger";'],
    ["apps/web/src/a.tsx", 'import "../../../convex/_generated/api.js";'],
    ["apps/web/vite.config.ts", 'import "@tideline/vite-plugin"; import "../../vite.config.js";'],
    ["packages/stamp/node_modules/x/a.js", 'import "react";'],
    ["scripts/a.ts", 'import "@tideline/cli"; import "node:fs";'],
  ])("allows in %s: %s", async (path, text) => {
    expect(await check(path, text)).toEqual([]);
  });

  test("says where it is and what is allowed there", async () => {
    expect(await check("packages/stamp/src/a.ts", '\nimport "react";\n')).toEqual([
      'packages/stamp/src/a.ts:2: imports "react"; packages/stamp may import @tideline/version',
    ]);
  });
});
