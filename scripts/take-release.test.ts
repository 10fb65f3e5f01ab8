import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatVersionFile } from "@tideline/stamp";
import type { BuildId, BuildStamp } from "@tideline/version";
import { afterEach, beforeEach, expect, test } from "vitest";
import { currentReleaseNumber, listReleaseNumbers } from "./releases.js";
import { takeRelease } from "./take-release.js";

let folder: string;
let site: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tideline-take-"));
  site = join(folder, "site");
});
afterEach(async () => await rm(folder, { recursive: true, force: true }));

/** A finished build, as an image holds it. */
async function makeBuild(version: string, buildId: string): Promise<string> {
  const build = join(folder, `${version}-${buildId}`);
  const stamp: BuildStamp = {
    appName: "web",
    environment: "local",
    buildId: buildId as BuildId,
    version,
    gitCommit: null,
    gitBranch: null,
    gitDirty: false,
    gitTag: null,
    buildNumber: 0,
    buildTime: 0,
    commitTime: null,
  };
  await mkdir(join(build, "assets"), { recursive: true });
  await writeFile(join(build, "version.json"), formatVersionFile(stamp));
  await writeFile(join(build, `assets/a-${buildId}.js`), buildId);
  return build;
}

const served = async () => [await currentReleaseNumber(site), await listReleaseNumbers(site)];

test("a new image's build is served beside those before it, whose files stay", async () => {
  await takeRelease(site, await makeBuild("one", "b1"));
  const second = await takeRelease(site, await makeBuild("two", "b2"));
  expect(second.stamp.version).toBe("two");
  expect(await served()).toEqual([2, [2, 1]]);
  expect(await readFile(join(site, "releases/1/assets/a-b1.js"), "utf8")).toBe("b1");
});

test("a container that is started again makes no second copy", async () => {
  const build = await makeBuild("one", "b1");
  await takeRelease(site, build);
  await takeRelease(site, build);
  expect(await served()).toEqual([1, [1]]);
});

test("an older image goes back to the release that it was", async () => {
  const first = await makeBuild("one", "b1");
  await takeRelease(site, first);
  await takeRelease(site, await makeBuild("two", "b2"));
  await takeRelease(site, first);
  expect(await served()).toEqual([1, [2, 1]]);
});

test("the same bytes under another name are another release", async () => {
  await takeRelease(site, await makeBuild("one", "b1"));
  await takeRelease(site, await makeBuild("two", "b1"));
  expect(await served()).toEqual([2, [2, 1]]);
});

test("what a killed container left unfinished gets into no release", async () => {
  await mkdir(join(site, "releases/1.unfinished"), { recursive: true });
  await writeFile(join(site, "releases/1.unfinished/leftover.js"), "");
  const { folder: release } = await takeRelease(site, await makeBuild("one", "b1"));
  await expect(readFile(join(release, "leftover.js"))).rejects.toMatchObject({ code: "ENOENT" });
});

test("a folder that is no build is an error, and what was served stays", async () => {
  await takeRelease(site, await makeBuild("one", "b1"));
  await mkdir(join(folder, "empty"));
  await expect(takeRelease(site, join(folder, "empty"))).rejects.toMatchObject({ code: "ENOENT" });
  expect(await served()).toEqual([1, [1]]);
});
