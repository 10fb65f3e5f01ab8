import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BuildId, BuildStamp } from "@tideline/version";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readVersionFile, writeVersionFile } from "./version-file.js";

const STAMP: BuildStamp = {
  appName: "web",
  environment: "production",
  buildId: "abc" as BuildId,
  version: "1.2.3",
  gitCommit: "ab".repeat(20),
  gitBranch: "main",
  gitDirty: false,
  gitTag: "v1.2.3",
  buildNumber: 12,
  buildTime: Date.UTC(2025, 11, 3, 14, 20, 0, 999),
  commitTime: null,
};

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "version-"));
  path = join(folder, "version.json");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("it holds the stamp, and the same under the older names", async () => {
  await writeVersionFile(path, STAMP);
  expect(JSON.parse(readFileSync(path, "utf8"))).toEqual({
    ...STAMP,
    build_number: "12",
    build_date: "2025-12-03T14:20:00Z",
    git_commit: STAMP.gitCommit,
    buildTimestamp: "2025-12-03 14:20:00",
  });
  expect(await readVersionFile(path)).toEqual(STAMP);
  expect(readdirSync(folder)).toEqual(["version.json"]);
});

test("one with the older names alone is understood", async () => {
  const file = {
    version: "4.20.5",
    build_number: "202512031420",
    build_date: "2025-12-03T14:20:00Z",
    git_commit: "b61da9d3",
  };
  writeFileSync(path, JSON.stringify(file));
  expect(await readVersionFile(path)).toMatchObject({
    buildId: "label:4.20.5",
    version: "4.20.5",
    gitCommit: "b61da9d3",
    buildNumber: 202_512_031_420,
    buildTime: Date.UTC(2025, 11, 3, 14, 20),
  });
});

test.each([
  ["", "expected JSON, got an empty file"],
  ["root:x:0:0", "expected JSON, got something else"],
  ["{}", "expected a build id or a version"],
  ['{"buildId":"__TIDELINE_BUILD_ID__"}', "expected a build id or a version"],
])("%j is refused", async (content, message) => {
  writeFileSync(path, content);
  await expect(readVersionFile(path)).rejects.toThrow(message);
});

test("a missing one keeps its code", async () => {
  await expect(readVersionFile(path)).rejects.toMatchObject({ code: "ENOENT" });
});

test("a folder that is not there leaves nothing behind and is an error", async () => {
  await expect(writeVersionFile(join(folder, "no", "version.json"), STAMP)).rejects.toThrow(
    "ENOENT",
  );
  expect(readdirSync(folder)).toEqual([]);
});
