import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { GIT_ENV, GitRig } from "@tideline/testing/git-rig";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { UpstreamVersion } from "../detect/upstream-finding.js";
import { changedFiles, type SourceUpdate, updateSource } from "./update-source.js";

const run = promisify(execFile);

let upstream: GitRig;
let folder: string;
let one: string;
let two: string;
beforeEach(async () => {
  upstream = await GitRig.create();
  one = await upstream.commit("one", { "main.c": "1", ".gitignore": "dist\n" });
  await upstream.git("tag", "-a", "-m", "one", "v1");
  two = await upstream.commit("two", { "main.c": "2" });
  await upstream.git("tag", "v2");
  folder = await mkdtemp(join(tmpdir(), "tideline-source-"));
  await git("clone", "--quiet", `file://${upstream.folder}`, ".");
  await git("checkout", "--quiet", "main");
});
afterEach(async () => {
  await upstream.dispose();
  await rm(folder, { recursive: true, force: true });
});

async function git(...args: string[]): Promise<string> {
  const { stdout } = await run("git", args, { cwd: folder, env: { ...process.env, ...GIT_ENV } });
  return stdout.trim();
}

const to = (
  found: Partial<UpstreamVersion>,
  changes: Partial<SourceUpdate> = {},
): SourceUpdate => ({
  ...{
    subsystem: "nats",
    folder,
    branch: "main",
    remotes: [],
    signal: new AbortController().signal,
  },
  found: { tag: null, commit: two, remote: `file://${upstream.folder}`, ...found },
  ...changes,
});
const refusedAs = (reason: string) => expect.objectContaining({ reason });

test("goes to a tag's commit, detached; no branch or tag of the checkout changes", async () => {
  const before = await git("for-each-ref", "refs/heads", "refs/tags");
  const { commit, committedAt } = await updateSource(to({ tag: "v1", commit: one }));
  expect(commit).toBe(one);
  expect(committedAt).toBe(Number(await git("show", "-s", "--format=%ct", one)) * 1000);
  expect(await readFile(join(folder, "main.c"), "utf8")).toBe("1");
  expect(await git("for-each-ref", "refs/heads", "refs/tags")).toBe(before);
});

test("goes to the tip of a branch, also when the branch has gone on since the look", async () => {
  const three = await upstream.commit("three", { "main.c": "3" });
  await upstream.commit("four", { "main.c": "4" });
  await updateSource(to({ commit: three }));
  expect(await readFile(join(folder, "main.c"), "utf8")).toBe("3");
});

test("a tag that was moved since the look is TAG_MOVED, and the checkout stays", async () => {
  await upstream.git("tag", "-f", "v2", one);
  await expect(updateSource(to({ tag: "v2", commit: two }))).rejects.toEqual(
    refusedAs("TAG_MOVED"),
  );
  expect(await git("rev-parse", "HEAD")).toBe(two);
});

test("a branch that no longer has the commit is BRANCH_REWRITTEN", async () => {
  const lost = await upstream.commit("three", { "main.c": "3" });
  await upstream.git("reset", "--quiet", "--hard", two);
  await upstream.commit("other", { "main.c": "x" });
  const rewritten = updateSource(to({ commit: lost }));
  await expect(rewritten).rejects.toEqual(refusedAs("BRANCH_REWRITTEN"));
});

test.each([
  ["a changed file", async () => await writeFile(join(folder, "main.c"), "mine")],
  [
    "a staged file",
    async () => {
      await writeFile(join(folder, "new.c"), "mine");
      await git("add", "new.c");
    },
  ],
  ["a removed file", async () => await rm(join(folder, "main.c"))],
  [
    "a commit on no branch",
    async () => {
      await git("checkout", "--quiet", "--detach");
      await git("commit", "--quiet", "--allow-empty", "-m", "mine");
    },
  ],
])("%s is SOURCE_DIRTY, and stays", async (_what, change) => {
  await change();
  const before = [await git("status", "--porcelain"), await git("rev-parse", "HEAD")];
  const update = updateSource(to({ tag: "v1", commit: one }));
  await expect(update).rejects.toEqual(refusedAs("SOURCE_DIRTY"));
  expect([await git("status", "--porcelain"), await git("rev-parse", "HEAD")]).toEqual(before);
});

test("an own file that the commit would overwrite is SOURCE_DIRTY, and stays", async () => {
  const three = await upstream.commit("three", { "new.c": "theirs" });
  await writeFile(join(folder, "new.c"), "mine");
  await expect(updateSource(to({ commit: three }))).rejects.toEqual(refusedAs("SOURCE_DIRTY"));
  expect(await readFile(join(folder, "new.c"), "utf8")).toBe("mine");
});

test("what a build has left is no change, and stays", async () => {
  await mkdir(join(folder, "dist"));
  await writeFile(join(folder, "dist/nats"), "built");
  await writeFile(join(folder, "untracked.o"), "built");
  await updateSource(to({ tag: "v1", commit: one }));
  expect(await readFile(join(folder, "untracked.o"), "utf8")).toBe("built");
  expect(await changedFiles(to({}))).toEqual([]);
});

test("from tag to tag on different branches and back: what we checked out is no one's work", async () => {
  await upstream.git("checkout", "--quiet", "-b", "old", one);
  const side = await upstream.commit("side", { "main.c": "side" });
  await upstream.git("tag", "v1.1");
  await updateSource(to({ tag: "v1.1", commit: side }));
  await updateSource(to({ tag: "v2", commit: two }));
  await updateSource(to({ tag: "v1.1", commit: side }));
  expect(await git("rev-parse", "HEAD")).toBe(side);
});

test("an empty checkout, as CI makes one, fetches one commit of a tag", async () => {
  await rm(folder, { recursive: true });
  await mkdir(folder);
  await git("init", "--quiet");
  await updateSource(to({ tag: "v2", commit: two }));
  expect(await git("rev-list", "--count", "HEAD")).toBe("1");
});

test("a folder without a repository of its own is SOURCE_UNUSABLE: git would work on the one around it", async () => {
  const inner = join(folder, "nats");
  await mkdir(inner);
  const update = updateSource(to({ tag: "v1", commit: one }, { folder: inner }));
  await expect(update).rejects.toEqual(refusedAs("SOURCE_UNUSABLE"));
  expect(await git("rev-parse", "HEAD")).toBe(two);
});

test("hooks of the checkout do not run", async () => {
  const hook = join(folder, ".git/hooks/post-checkout");
  await mkdir(join(folder, ".git/hooks"), { recursive: true });
  await writeFile(hook, `#!/bin/sh\ntouch "${folder}/ran"\n`, { mode: 0o755 });
  await updateSource(to({ tag: "v1", commit: one }));
  await expect(readFile(join(folder, "ran"))).rejects.toThrow("ENOENT");
});

test("a remote that is not there is REMOTE_UNREACHABLE; the next one is asked where none was named", async () => {
  const gone = `file://${folder}-gone`;
  const dead = updateSource(to({ tag: "v1", commit: one, remote: gone }));
  await expect(dead).rejects.toEqual(refusedAs("REMOTE_UNREACHABLE"));
  const remotes = [gone, `file://${upstream.folder}`];
  await updateSource(to({ tag: "v1", commit: one, remote: null }, { remotes }));
  expect(await git("rev-parse", "HEAD")).toBe(one);
});

test("row 31: git absent from PATH is GIT_MISSING, with what to do", async () => {
  const { PATH } = process.env;
  process.env.PATH = "";
  try {
    const update = updateSource(to({ tag: "v1", commit: one }));
    await expect(update).rejects.toMatchObject({
      ...{ reason: "GIT_MISSING", nextStep: expect.stringContaining("Install git") },
    });
  } finally {
    process.env.PATH = PATH;
  }
});
