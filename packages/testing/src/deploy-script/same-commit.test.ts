/** Real builds of web from one commit, made in two clones. */
import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { listFiles, readVersionFile } from "@tideline/stamp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { LocalRig } from "../local-rig.js";
import { NOTHING_EXPORTED } from "./nothing-exported.js";

let rig: LocalRig;
let clone: LocalRig;

beforeAll(async () => {
  rig = await LocalRig.create(NOTHING_EXPORTED);
  clone = await rig.clone();
});
afterAll(async () => {
  await rig?.dispose();
  await clone?.dispose();
});

const DIST = "apps/web/dist";

async function build(from: LocalRig, variables = {}): Promise<void> {
  const { code, said } = await from.runWith(variables, "./build.sh", "--no-docker", "web");
  expect(code, said).toBe(0);
}

/** Every file of a build by its path, as the bytes it holds. */
async function readTree(folder: string): Promise<Map<string, string>> {
  const paths = (await listFiles(folder)).sort();
  const read = paths.map(
    async (path) => [path, await readFile(join(folder, path), "base64")] as const,
  );
  return new Map(await Promise.all(read));
}

async function differing(one: string, other: string): Promise<string[]> {
  const [before, after] = [await readTree(one), await readTree(other)];
  const paths = new Set([...before.keys(), ...after.keys()]);
  return [...paths].filter((path) => before.get(path) !== after.get(path)).sort();
}

test("the same commit built twice gives the same files, byte for byte, in any folder", {
  timeout: 120_000,
}, async () => {
  await build(rig);
  await build(clone);
  const [one, other] = [join(rig.folder, DIST), join(clone.folder, DIST)];
  expect((await readTree(one)).size).toBeGreaterThan(5);
  expect(await differing(one, other)).toEqual([]);

  await cp(other, join(clone.folder, ".tideline/first"), { recursive: true });
  await build(clone);
  expect(await differing(join(clone.folder, ".tideline/first"), other)).toEqual([]);
});

test("another version changes index.html and version.json alone, and not the build's id", {
  timeout: 120_000,
}, async () => {
  await build(rig);
  const dist = join(rig.folder, DIST);
  const before = await readVersionFile(join(dist, "version.json"));
  await cp(dist, join(rig.folder, ".tideline/first"), { recursive: true });

  // A commit that changes nothing of web, and a name by hand.
  await writeFile(join(rig.folder, "NOTES.md"), "Nothing of web\n");
  await rig.commit("notes");
  await build(rig, { SPOT_VERSION: "v2.0.0" });
  const after = await readVersionFile(join(dist, "version.json"));
  expect([before.version, after.version]).toEqual([before.gitCommit?.slice(0, 12), "v2.0.0"]);
  expect(after.gitCommit).not.toBe(before.gitCommit);
  expect(after.buildId).toBe(before.buildId);
  expect(await differing(join(rig.folder, ".tideline/first"), dist)).toEqual([
    "index.html",
    "version.json",
  ]);
});
