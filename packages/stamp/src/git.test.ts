/** The kinds of repository that there are, each a real one. */
import { chown, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GIT_ENV, GitRig } from "@tideline/testing/git-rig";
import { afterEach, describe, expect, test } from "vitest";
import { createStamp } from "./create-stamp.js";
import { readGit } from "./git.js";

const ENV = {
  ...GIT_ENV,
  PATH: process.env.PATH,
  HOME: tmpdir(),
  GIT_CEILING_DIRECTORIES: tmpdir(),
};
const NOW = Date.UTC(2026, 10, 20, 11, 30, 0);

const rigs: GitRig[] = [];
afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig.dispose();
});
const keep = (rig: GitRig) => {
  rigs.push(rig);
  return rig;
};
/** Two commits, a branch beside them and a tag on the last one. */
const repository = async () => {
  const rig = keep(await GitRig.create());
  await rig.commit("one", { "web/a.txt": "1", "api/b.txt": "1" });
  const commit = await rig.commit("two", { "web/a.txt": "2" });
  await rig.git("tag", "v1.0.0");
  return { rig, commit };
};
const read = (folder: string, env: Record<string, string> = {}) =>
  readGit(folder, { ...ENV, ...env }, { outputs: ["dist"] });
const stampOf = async (folder: string) =>
  await createStamp({ cwd: folder, env: ENV, appName: "web", now: () => NOW });

describe("a repository is read", () => {
  test("at its top and from a folder in it, all its changes included", async () => {
    const { rig, commit } = await repository();
    await rig.write({ "api/new.txt": "" });
    const state = { kind: "repository", commit, branch: "main", dirtyPaths: ["api/new.txt"] };
    expect(await read(rig.folder)).toMatchObject(state);
    expect(await read(join(rig.folder, "web"))).toMatchObject(state);
  });

  test("in a second worktree", async () => {
    const { rig, commit } = await repository();
    const folder = join(rig.folder, ".git", "second");
    await rig.git("worktree", "add", "--quiet", "-b", "fix", folder);
    expect(await read(folder)).toMatchObject({ commit, branch: "fix", dirtyPaths: [] });
  });

  test("with SHA-256 commits", async () => {
    const rig = keep(new GitRig(await mkdtemp(join(tmpdir(), "tideline-git-"))));
    await rig.git("init", "--quiet", "--initial-branch=main", "--object-format=sha256");
    const commit = await rig.commit("one", { a: "1" });
    expect(commit).toMatch(/^[0-9a-f]{64}$/);
    expect(await read(rig.folder)).toMatchObject({ commit });
    expect((await stampOf(rig.folder)).stamp.version).toBe(commit.slice(0, 12));
  });

  test("with a detached HEAD", async () => {
    const { rig, commit } = await repository();
    await rig.git("checkout", "--quiet", "--detach");
    expect(await read(rig.folder)).toMatchObject({ commit, branch: null });
  });

  test("with a sparse checkout, whose missing files are no changes", async () => {
    const { rig, commit } = await repository();
    await rig.git("sparse-checkout", "set", "web");
    expect(await read(join(rig.folder, "web"))).toMatchObject({ commit, dirtyPaths: [] });
  });

  test("with a submodule, which has a commit of its own", async () => {
    const inner = await repository();
    const { rig } = await repository();
    await rig.git(
      ...["-c", "protocol.file.allow=always", "submodule", "--quiet", "add"],
      ...[`file://${inner.rig.folder}`, "lib"],
    );
    const commit = await rig.commit("with a submodule");
    const lib = join(rig.folder, "lib");
    expect(await read(rig.folder)).toMatchObject({ commit, dirtyPaths: [] });
    expect(await read(lib)).toMatchObject({ commit: inner.commit, dirtyPaths: [] });
    await writeFile(join(lib, "new.txt"), "");
    expect(await read(rig.folder)).toMatchObject({ commit, dirtyPaths: ["lib"] });
  });

  test("without a working tree nothing is changed", async () => {
    const { rig, commit } = await repository();
    const bare = keep(await GitRig.clone(rig, "--bare"));
    expect(await read(bare.folder)).toMatchObject({ commit, dirtyPaths: [] });
  });

  test("whatever the user's settings for what people see are", async () => {
    const { rig, commit } = await repository();
    await rig.git("tag", "v1.1.0");
    for (const [name, value] of [
      ["column.ui", "always"],
      ["color.ui", "always"],
      ["log.showSignature", "true"],
      ["status.relativePaths", "true"],
      ["status.showUntrackedFiles", "no"],
      ["core.quotePath", "true"],
      ["tag.sort", "refname"],
    ] as const) {
      await rig.git("config", name, value);
    }
    await rig.write({ "new ü\n.txt": "" });
    expect(await read(rig.folder)).toMatchObject({
      commit,
      branch: "main",
      tags: ["v1.1.0", "v1.0.0"],
      dirtyPaths: ["new ü\n.txt"],
    });
  });

  test("and left as it was: a stale index is not refreshed", async () => {
    const { rig } = await repository();
    const before = await rig.git("hash-object", "--no-filters", ".git/index");
    await rig.write({ "web/a.txt": "2" });
    expect(await read(rig.folder)).toMatchObject({ dirtyPaths: [] });
    expect(await rig.git("hash-object", "--no-filters", ".git/index")).toBe(before);
  });
});

describe("a folder of which the repository around it holds nothing", () => {
  const nestedIn = async (rig: GitRig) => {
    const nested = join(rig.folder, "vendor/app");
    await mkdir(nested, { recursive: true });
    await writeFile(join(nested, "a.txt"), "");
    return nested;
  };
  const warning =
    "The git repository around this folder holds none of its files; the build is stamped with its commit all the same";

  test("is dirty as a whole, because no commit holds what is built", async () => {
    const { rig, commit } = await repository();
    const nested = await nestedIn(rig);
    expect(await read(nested)).toMatchObject({
      commit,
      holdsFolder: false,
      dirtyPaths: ["vendor/"],
    });
    const { stamp, warnings } = await stampOf(nested);
    expect(stamp).toMatchObject({ gitCommit: commit, gitDirty: true, version: "1.0.0-dirty" });
    expect(warnings).toEqual([warning, "Working directory has uncommitted changes: vendor/"]);
  });

  test("is dirty where it is ignored too", async () => {
    const { rig } = await repository();
    const commit = await rig.commit("ignore", { ".gitignore": "vendor\n" });
    const nested = await nestedIn(rig);
    expect(await read(nested)).toMatchObject({ commit, dirtyPaths: ["vendor/app/"] });
    expect(await read(rig.folder)).toMatchObject({ holdsFolder: true, dirtyPaths: [] });
  });

  test("with a repository of its own is asked itself", async () => {
    const { rig, commit } = await repository();
    const nested = await nestedIn(rig);
    await rig.git("init", "--quiet", nested);
    expect(await read(nested)).toMatchObject({ kind: "none", reason: "no-commit" });
    expect(await read(rig.folder)).toMatchObject({ commit, dirtyPaths: ["vendor/"] });
  });
});

describe("a shallow clone", () => {
  test("says that it is one", async () => {
    const { rig } = await repository();
    const clone = keep(await GitRig.clone(rig, "--depth=1"));
    expect(await read(rig.folder)).toMatchObject({ isShallow: false });
    expect(await read(clone.folder)).toMatchObject({ isShallow: true });
  });

  test("gets the stamp of a full one, byte for byte", async () => {
    const { rig } = await repository();
    await rig.commit("three", { "web/a.txt": "3" });
    for (let i = 0; i < 3; i++) {
      const full = keep(await GitRig.clone(rig));
      const shallow = keep(await GitRig.clone(rig, "--depth=1"));
      const stamps = [await stampOf(full.folder), await stampOf(shallow.folder)];
      expect(JSON.stringify(stamps[1])).toBe(JSON.stringify(stamps[0]));
      // First at a commit without a tag, then at one with one, then with two.
      await rig.git("tag", `v1.${i + 1}.0`);
    }
  });

  test("with all tags has at HEAD those that a full one has", async () => {
    const { rig } = await repository();
    await rig.commit("three", { "web/a.txt": "3" });
    const clone = keep(await GitRig.clone(rig, "--depth=1", "--no-tags"));
    await clone.git("fetch", "--quiet", "--depth=1", "origin", "refs/tags/*:refs/tags/*");
    expect(await clone.git("tag")).toBe("v1.0.0");
    expect(await read(clone.folder)).toMatchObject({ tags: [] });
    await rig.git("tag", "v1.1.0");
    await clone.git("fetch", "--quiet", "--depth=1", "origin", "refs/tags/*:refs/tags/*");
    expect(await read(clone.folder)).toMatchObject({ tags: ["v1.1.0"] });
  });
});

describe("git names no commit", () => {
  const reasonOf = async (folder: string, env: Record<string, string> = {}) => {
    const state = await read(folder, env);
    return state.kind === "none" ? [state.reason, state.warning] : state.commit;
  };

  test("outside a repository, in a new one and without git, in three different sentences", async () => {
    const outside = await mkdtemp(join(tmpdir(), "tideline-outside-"));
    const fresh = keep(await GitRig.create());
    expect(await reasonOf(outside)).toEqual(["no-repository", "Not in a git repository"]);
    expect(await reasonOf(fresh.folder)).toEqual([
      "no-commit",
      `The git repository of "${fresh.folder}" has no commit yet`,
    ]);
    expect(await reasonOf(fresh.folder, { PATH: "/nowhere" })).toEqual([
      "no-git",
      "The command git was not found",
    ]);
    await rm(outside, { recursive: true });
  });

  test("on a new branch without a commit, whatever other branches have", async () => {
    const { rig } = await repository();
    await rig.git("checkout", "--quiet", "--orphan", "empty");
    expect((await reasonOf(rig.folder))[0]).toBe("no-commit");
  });

  test("where the commit itself is gone, in git's own words", async () => {
    const { rig, commit } = await repository();
    await rm(join(rig.folder, ".git/objects", commit.slice(0, 2)), { recursive: true });
    const [reason, warning] = await reasonOf(rig.folder);
    expect(reason).toBe("unreadable");
    expect(warning).toContain(`git cannot read the repository of "${rig.folder}" (`);
  });

  test.runIf(process.getuid?.() === 0)("of a folder in another user's repository", async () => {
    const { rig } = await repository();
    await chown(rig.folder, 12345, 12345);
    await chown(join(rig.folder, ".git"), 12345, 12345);
    expect(await reasonOf(join(rig.folder, "web"))).toEqual([
      "other-owner",
      `git refuses "${rig.folder}" because another user owns it (git config --global --add safe.directory "${rig.folder}" allows it)`,
    ]);
  });
});
