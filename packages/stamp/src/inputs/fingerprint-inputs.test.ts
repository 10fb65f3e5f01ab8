/** Inputs in real repositories: clean, changed, shallow, sparse, odd, and none at all. */
import { execFile } from "node:child_process";
import { chmod, mkdir, readFile, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { GIT_ENV, GitRig } from "@tideline/testing/git-rig";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { fingerprintInputs, listInputs, type ServiceInputs } from "./fingerprint-inputs.js";
import { readInputTree } from "./read-input-tree.js";

const ENV = { ...process.env, ...GIT_ENV };
const FILES = {
  "apps/web/index.html": "<h1>Hello</h1>\n",
  "apps/web/src/main.ts": "export {};\n",
  "services/api/main.ts": "serve();\n",
  "services/api/Dockerfile": "FROM scratch\n",
  "packages/base/index.ts": "export const a = 1;\n",
  "package-lock.json": "{}\n",
  "version.json": '{"version":"1.0.0"}\n',
  "README.md": "# Read me\n",
};

const serviceOf = (name: string, parts: Partial<ServiceInputs> = {}): ServiceInputs => ({
  name,
  include: [[`apps/${name}`]],
  extra: [],
  outputs: [],
  variables: [],
  ...parts,
});
const SERVICES = [
  serviceOf("web", { include: [["apps/web/**"], ["packages/**"]], outputs: ["apps/web/dist"] }),
  serviceOf("api", { include: [["services/api/*.ts"]], extra: ["services/api/Dockerfile"] }),
];

// The ids of the files above. They change only with FORM.
const WEB_ID = "03af1d10066d1c90";
const API_ID = "ca6cbb5184fa9e3f";

let rigs: GitRig[];
const rig = async (created: Promise<GitRig>) => {
  const made = await created;
  rigs.push(made);
  return made;
};
beforeEach(() => {
  rigs = [];
});
afterEach(async () => {
  for (const { folder } of rigs) await rm(folder, { recursive: true, force: true });
});

/** A repository with the files above in one commit. */
const repository = async (): Promise<GitRig> => {
  const made = await rig(GitRig.create());
  await made.commit("One", FILES);
  return made;
};
/** The ids of web and api, or of other services. */
const idsOf = async (root: string, services = SERVICES, more: object = {}) =>
  Object.fromEntries(
    await fingerprintInputs({ root, env: ENV, services, versionFile: "version.json", ...more }),
  );
/** The paths that one service is made from. */
const pathsOf = async (root: string, service: ServiceInputs) => {
  const tree = await readInputTree(root, ENV);
  const listing = await listInputs(tree, service, { root, versionFile: "version.json" });
  const text = Buffer.from(listing, "latin1").toString("utf8");
  return text.split("\0").flatMap((entry) => entry.split("\t").slice(1));
};

test("an id is 16 hex digits, and changes with the service's own files only", async () => {
  const git = await repository();
  const before = await idsOf(git.folder);
  expect(Object.values(before).join()).toMatch(/^[0-9a-f]{16},[0-9a-f]{16}$/);
  await git.commit("Api", { "services/api/main.ts": "serve(2);\n" });
  const after = await idsOf(git.folder);
  expect([after.web === before.web, after.api === before.api]).toEqual([true, false]);
});

test("the id of one tree is always the same", async () => {
  const git = await repository();
  // Another version of the program that says otherwise would build everything anew.
  expect(await idsOf(git.folder)).toEqual({ web: WEB_ID, api: API_ID });
});

test.each([
  ["the Dockerfile", { "services/api/Dockerfile": "FROM base\n" }, ["api"]],
  ["the lockfile", { "package-lock.json": "{ }\n" }, ["web", "api"]],
  ["a nearer lockfile, which replaces the farther", { "services/api/yarn.lock": "" }, ["api"]],
  ["what a service depends on", { "packages/base/index.ts": "export const a = 2;\n" }, ["web"]],
  ["a file that no glob takes", { "README.md": "# Me\n", "services/api/notes.txt": "" }, []],
  ["the version file", { "version.json": '{"version":"1.0.1"}\n' }, []],
  ["a changelog", { "CHANGELOG.md": "1\n", "apps/web/CHANGELOG.md": "1\n" }, []],
  ["what the build writes", { "apps/web/dist/index.html": "" }, []],
])("%s changes its services: committed, or not yet", async (_, files, changed) => {
  const git = await repository();
  const before = await idsOf(git.folder);
  await git.write(files);
  const uncommitted = await idsOf(git.folder);
  await git.commit("Two");
  const committed = await idsOf(git.folder);
  expect(Object.keys(before).filter((name) => before[name] !== committed[name])).toEqual(changed);
  expect(uncommitted).toEqual(committed);
});

test("a revert has the id of what it goes back to", async () => {
  const git = await repository();
  const before = await idsOf(git.folder);
  await git.commit("Two", { "apps/web/index.html": "<h1>Hi</h1>\n" });
  expect((await idsOf(git.folder)).web).not.toBe(before.web);
  await git.git("revert", "--no-edit", "HEAD");
  expect(await idsOf(git.folder)).toEqual(before);
});

test("variables, the salt and nothing else of the environment count", async () => {
  const { folder } = await repository();
  const services = [serviceOf("web", { variables: ["B", "A"] })];
  const idOf = async (env: object, more: object = {}) =>
    (await idsOf(folder, services, { env: { ...ENV, ...env }, ...more })).web;
  const plain = await idOf({});
  expect(await idOf({ C: "1", A: "" })).toBe(plain);
  const ids = [
    plain,
    await idOf({ A: "1" }),
    await idOf({ B: "1" }),
    await idOf({}, { salt: "x" }),
  ];
  expect(new Set(ids).size).toBe(4);
  const swapped = [serviceOf("web", { variables: ["A", "B", "A"] })];
  expect((await idsOf(folder, swapped)).web).toBe(plain);
});

test("of a package.json as version file everything but the version counts", async () => {
  const git = await rig(GitRig.create());
  const idOf = async () =>
    (
      await idsOf(git.folder, [serviceOf("web", { include: [["."]] })], {
        versionFile: "package.json",
      })
    ).web;
  await git.commit("One", { "package.json": '{"version":"1.0.0","scripts":{"build":"a"}}' });
  const before = await idOf();
  await git.commit("Bump", { "package.json": '{"version":"1.0.1","scripts":{"build":"a"}}' });
  expect(await idOf()).toBe(before);
  await git.commit("Build", { "package.json": '{"version":"1.0.1","scripts":{"build":"b"}}' });
  expect(await idOf()).not.toBe(before);
});

describe("globs", () => {
  test.each<[globs: readonly string[], paths: readonly string[]]>([
    [
      ["apps/web"],
      ["apps/web/.env", "apps/web/[id]/page.ts", "apps/web/a.ts", "apps/web/i/page.ts"],
    ],
    [
      ["./apps/web/"],
      ["apps/web/.env", "apps/web/[id]/page.ts", "apps/web/a.ts", "apps/web/i/page.ts"],
    ],
    [["apps/*"], ["apps/web/.env", "apps/web/[id]/page.ts", "apps/web/a.ts", "apps/web/i/page.ts"]],
    [["apps/*/*.ts"], ["apps/web/a.ts"]],
    [
      ["apps/**/*.ts", "!apps/web/a.ts"],
      ["apps/web/[id]/page.ts", "apps/web/i/page.ts"],
    ],
    [["!apps/web/a.ts", "apps/web/*.{ts,env}", "apps/web/.env"], ["apps/web/.env"]],
    [["apps/web/[id]/**"], ["apps/web/[id]/page.ts"]],
    [["apps/web/[hij]"], ["apps/web/i/page.ts"]],
    [["apps/we"], []],
    [
      ["lib-x", "lib.x/**"],
      ["lib-x/b", "lib.x/b"],
    ],
    [["lib"], ["lib/b"]],
    [["ä?.ts"], ["äö.ts"]],
    [
      ["äö.ts", "with space\nand line"],
      ["with space\nand line", "äö.ts"],
    ],
  ])("%j take %j", async (globs, paths) => {
    const git = await rig(GitRig.create());
    await git.commit("One", {
      ...{ "apps/web/a.ts": "", "apps/web/.env": "", "apps/web/[id]/page.ts": "" },
      ...{ "apps/web/i/page.ts": "", "lib-x/b": "", "lib.x/b": "", "lib/b": "" },
      ...{ "äö.ts": "", "with space\nand line": "" },
    });
    expect(await pathsOf(git.folder, serviceOf("any", { include: [globs] }))).toEqual(paths);
  });

  test('"." and "**" are everything, and "!" takes only out of its own set', async () => {
    const { folder } = await repository();
    const all = Object.keys(FILES).filter((path) => path !== "version.json");
    expect(await pathsOf(folder, serviceOf("all", { include: [["."]] }))).toEqual(all.sort());
    expect(await pathsOf(folder, serviceOf("all", { include: [["**"]] }))).toEqual(all);
    const sets = [
      ["apps/web", "!apps/web/src"],
      ["apps/web/src/main.ts", "!apps"],
    ];
    expect(await pathsOf(folder, serviceOf("web", { include: [sets[0] ?? [], []] }))).toEqual([
      "apps/web/index.html",
      "package-lock.json",
    ]);
    expect(await pathsOf(folder, serviceOf("web", { include: sets }))).toEqual([
      "apps/web/index.html",
      "package-lock.json",
    ]);
    expect(
      await pathsOf(folder, serviceOf("web", { include: [...sets, ["apps/web/src"]] })),
    ).toContain("apps/web/src/main.ts");
  });

  test("a changelog that a glob names counts", async () => {
    const git = await repository();
    await git.commit("Two", { "apps/web/CHANGELOG.md": "1\n", "apps/web/a/CHANGELOG.md": "1\n" });
    const service = serviceOf("web", { include: [["apps/web", "apps/web/CHANGELOG.md"]] });
    expect((await pathsOf(git.folder, service)).filter((path) => path.endsWith(".md"))).toEqual([
      "apps/web/CHANGELOG.md",
    ]);
  });
});

describe("clones", () => {
  test("a clone of depth 1, one without blobs and a sparse one give the ids of a whole one", async () => {
    const git = await repository();
    for (const n of [2, 3, 4])
      await git.commit(`${n}`, { "apps/web/index.html": `<h1>${n}</h1>\n` });
    const whole = await idsOf((await rig(GitRig.clone(git))).folder);
    expect(await idsOf((await rig(GitRig.clone(git, "--depth=1"))).folder)).toEqual(whole);
    await git.git("config", "uploadpack.allowFilter", "true");
    const blobless = await rig(GitRig.clone(git, "--filter=blob:none", "--depth=1"));
    expect(await idsOf(blobless.folder)).toEqual(whole);
    await blobless.git("sparse-checkout", "set", "services");
    expect(await idsOf(blobless.folder)).toEqual(whole);
    // A changed file in what is checked out, and a new one where nothing is.
    await blobless.write({ "services/api/main.ts": "serve(3);\n" });
    const changed = await idsOf(blobless.folder);
    expect([changed.web === whole.web, changed.api === whole.api]).toEqual([true, false]);
    await blobless.write({ "apps/web/new.ts": "" });
    expect((await idsOf(blobless.folder)).web).not.toBe(whole.web);
  });

  test("a folder below the repository's top is a root of its own, under the lockfile above it", async () => {
    const outer = await rig(GitRig.create());
    const nested = Object.fromEntries(
      Object.entries(FILES).map(([path, text]) => [`pro ject/ä/${path}`, text]),
    );
    const { "pro ject/ä/package-lock.json": lock = "", ...rest } = nested;
    await outer.commit("One", { ...rest, "pro ject/package-lock.json": lock });
    const root = join(outer.folder, "pro ject/ä");
    expect(await pathsOf(root, SERVICES[1] ?? serviceOf("api"))).toEqual([
      "pro ject/package-lock.json",
      "pro ject/ä/services/api/Dockerfile",
      "pro ject/ä/services/api/main.ts",
    ]);
    const clean = await idsOf(root);
    await outer.write({ "elsewhere.txt": "" });
    expect(await idsOf(root)).toEqual(clean);
    await outer.write({ "pro ject/ä/services/api/more.ts": "" });
    expect((await idsOf(root)).api).not.toBe(clean.api);
  });

  test("a worktree and a repository of SHA-256 are read like any other", async () => {
    const git = await repository();
    const tree = join(git.folder, "worktree");
    await git.git("worktree", "add", "--quiet", "-b", "other", tree);
    expect(await idsOf(tree)).toEqual(await idsOf(git.folder));
    await writeFile(join(tree, "apps/web/new.ts"), "");
    expect((await idsOf(tree)).web).not.toBe((await idsOf(git.folder)).web);

    const long = await rig(GitRig.create());
    await rm(join(long.folder, ".git"), { recursive: true });
    await long.git("init", "--quiet", "--object-format=sha256");
    await long.commit("One", FILES);
    const before = await idsOf(long.folder);
    await long.write({ "apps/web/index.html": "" });
    expect((await idsOf(long.folder)).web).not.toBe(before.web);
  });
});

describe("what no commit holds", () => {
  /** Everything that could be written: the index, the objects and all other files of `.git`. */
  const traces = async (git: GitRig) => {
    const { stdout } = await promisify(execFile)("find", [join(git.folder, ".git"), "-type", "f"]);
    const files = stdout.trim().split("\n").sort();
    const index = await readFile(join(git.folder, ".git/index"), "base64");
    return { files, index, objects: await git.git("count-objects", "-v") };
  };

  test("two different trees on one commit have two ids, one tree has one, and the repository stays untouched", async () => {
    const git = await repository();
    const clean = await idsOf(git.folder);
    await git.write({ "apps/web/new file.ts": "1\n", "services/api/main.ts": "serve(9);\n" });
    await git.git("add", "services/api/main.ts");
    const before = await traces(git);
    const one = await idsOf(git.folder);
    expect(await idsOf(git.folder)).toEqual(one);
    expect(await traces(git)).toEqual(before);
    await git.write({ "apps/web/new file.ts": "2\n" });
    const two = await idsOf(git.folder);
    expect(new Set([clean.web, one.web, two.web]).size).toBe(3);
    expect([one.api === two.api, clean.api === one.api]).toEqual([true, false]);
  });

  test("untracked files count, ignored ones do not", async () => {
    const git = await repository();
    await git.commit("Ignore", { ".gitignore": "*.log\n" });
    const clean = await idsOf(git.folder);
    await git.write({ "apps/web/a.log": "1" });
    expect(await idsOf(git.folder)).toEqual(clean);
    await git.write({ "apps/web/a.txt": "1" });
    expect((await idsOf(git.folder)).web).not.toBe(clean.web);
  });

  test("a mere touch is no change; a removed file, a bit and a link are", async () => {
    const git = await repository();
    const clean = await idsOf(git.folder);
    const main = join(git.folder, "apps/web/src/main.ts");
    await utimes(main, 1, 1);
    expect(await idsOf(git.folder)).toEqual(clean);
    await chmod(main, 0o755);
    const executable = await idsOf(git.folder);
    await rm(main);
    const removed = await idsOf(git.folder);
    await symlink("../index.html", main);
    const linked = await idsOf(git.folder);
    expect(new Set([clean, executable, removed, linked].map(({ web }) => web)).size).toBe(4);
    await git.commit("Link");
    expect(await idsOf(git.folder)).toEqual(linked);
  });

  test("settings for line ends change nothing", async () => {
    const git = await repository();
    const clean = await idsOf(git.folder);
    for (const autocrlf of ["true", "input"]) {
      const clone = await rig(GitRig.clone(git, `--config=core.autocrlf=${autocrlf}`));
      await clone.git("config", "core.safecrlf", "true");
      expect(await idsOf(clone.folder)).toEqual(clean);
      // Changed elsewhere: web's files are now compared through the filters.
      await clone.write({ "services/api/main.ts": "serve(2);\r\n" });
      await utimes(join(clone.folder, "apps/web/index.html"), 1, 1);
      expect((await idsOf(clone.folder)).web).toBe(clean.web);
    }
  });

  test("a hook of the user's does not run, and an index split in two stays so", async () => {
    const git = await repository();
    const hook = join(git.folder, ".git/hooks/post-index-change");
    await mkdir(join(git.folder, ".git/hooks"), { recursive: true });
    await writeFile(hook, `#!/bin/sh\ntouch "${git.folder}/ran"\n`);
    await chmod(hook, 0o755);
    await git.git("config", "core.splitIndex", "true");
    await git.git("update-index", "--split-index");
    await rm(join(git.folder, "ran"), { force: true });
    await git.write({ "apps/web/new.ts": "" });
    const before = await traces(git);
    const ids = await idsOf(git.folder);
    expect(await traces(git)).toEqual(before);
    await expect(readFile(join(git.folder, "ran"))).rejects.toThrow("ENOENT");
    await git.commit("Same");
    expect(await idsOf(git.folder)).toEqual(ids);
  });

  test("a repository without a commit has its files", async () => {
    const git = await rig(GitRig.create());
    await git.write(FILES);
    const before = await idsOf(git.folder);
    expect((await readInputTree(git.folder, ENV)).kind).toBe("changed");
    await git.commit("One");
    expect(await idsOf(git.folder)).toEqual(before);
  });
});

describe("submodules", () => {
  const withModule = async () => {
    const inner = await repository();
    const outer = await rig(GitRig.create());
    await outer.commit("One", { "package.json": "{}" });
    await outer.git(
      ...["-c", "protocol.file.allow=always", "submodule", "--quiet", "add"],
      ...[`file://${inner.folder}`, "vendor/lib"],
    );
    await outer.commit("Module");
    return { outer, module: new GitRig(join(outer.folder, "vendor/lib")) };
  };
  const services = [
    serviceOf("whole", { include: [["vendor"]] }),
    serviceOf("part", { include: [["vendor/lib/apps/web/**"]] }),
    serviceOf("other", { include: [["package.json"]] }),
  ];

  test("count by their commit, and by what no commit of theirs holds", async () => {
    const { outer, module } = await withModule();
    const clean = await idsOf(outer.folder, services);
    expect((await idsOf((await rig(GitRig.clone(outer))).folder, services)).whole).toBe(
      clean.whole,
    );
    await module.write({ "apps/web/index.html": "1" });
    const one = await idsOf(outer.folder, services);
    await module.write({ "apps/web/index.html": "2" });
    const two = await idsOf(outer.folder, services);
    await module.commit("Two");
    const moved = await idsOf(outer.folder, services);
    for (const name of ["whole", "part"]) {
      expect(new Set([clean, one, two, moved].map((ids) => ids[name])).size).toBe(4);
    }
    expect(new Set([clean, one, two, moved].map(({ other }) => other)).size).toBe(1);
    await outer.commit("Moved");
    expect(await idsOf(outer.folder, services)).toEqual(moved);
  });
});

describe("without git", () => {
  test("the files of a folder in no repository have the ids of the same files in one", async () => {
    const git = await repository();
    await chmod(join(git.folder, "apps/web/src/main.ts"), 0o755);
    await symlink("src/main.ts", join(git.folder, "apps/web/link"));
    await git.commit("More");
    const ids = await idsOf(git.folder);
    await rm(join(git.folder, ".git"), { recursive: true });
    await git.write({ "apps/web/node_modules/x/index.js": "" });
    expect(await idsOf(git.folder)).toEqual(ids);
    expect((await readInputTree(git.folder, ENV)).kind).toBe("files");
    await git.write({ "apps/web/index.html": "" });
    expect((await idsOf(git.folder)).web).not.toBe(ids.web);
  });

  test("a repository that git does not read is a sentence, not other ids", async () => {
    const { folder } = await repository();
    await expect(idsOf(folder, SERVICES, { env: { ...ENV, PATH: "/nowhere" } })).rejects.toThrow(
      `Cannot fingerprint "${folder}": expected the command git, which its repository needs, got none`,
    );
    await writeFile(join(folder, ".git/HEAD"), "nonsense\n");
    await expect(idsOf(folder)).rejects.toThrow(/^Cannot fingerprint ".+": .*not a git repository/);
  });

  test("a repository of somebody else is a sentence with what allows it", async () => {
    const { folder } = await repository();
    const env = { ...ENV, GIT_TEST_ASSUME_DIFFERENT_OWNER: "1" };
    await expect(idsOf(folder, SERVICES, { env })).rejects.toThrow(
      `git config --global --add safe.directory "${folder}" allows it`,
    );
  });

  test("a file that cannot be added is a sentence", async () => {
    const git = await repository();
    await mkdir(join(git.folder, "apps/web/nested"));
    await new GitRig(join(git.folder, "apps/web/nested")).git("init", "--quiet");
    await git.write({ "apps/web/nested/a": "" });
    await expect(idsOf(git.folder)).rejects.toThrow(
      /^Cannot fingerprint the working tree of ".+": 'apps\/web\/nested\/' does not have a commit checked out$/,
    );
  });
});
