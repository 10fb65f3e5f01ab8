import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createStamp, type StampOptions } from "./create-stamp.js";

const NOW = Date.UTC(2026, 10, 20, 11, 30, 0);
const COMMITTED_AT = Date.UTC(2026, 10, 19, 8, 0, 0);
const COMMIT = /^[0-9a-f]{40}$/;
const ENV = {
  PATH: process.env.PATH,
  HOME: tmpdir(),
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_SYSTEM: "/dev/null",
  // A repository around the temporary folder must not count.
  GIT_CEILING_DIRECTORIES: tmpdir(),
};
const AUTHOR = {
  GIT_AUTHOR_NAME: "A",
  GIT_AUTHOR_EMAIL: "a@example.com",
  GIT_COMMITTER_NAME: "A",
  GIT_COMMITTER_EMAIL: "a@example.com",
  GIT_COMMITTER_DATE: `${COMMITTED_AT / 1000} +0000`,
};

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "stamp-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const git = (...args: string[]) =>
  execFileSync("git", args, {
    cwd: folder,
    env: { ...ENV, ...AUTHOR },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  }).trim();
const write = (path: string, content: string) => writeFileSync(join(folder, path), content);
const commit = () => {
  git("add", "-A");
  git("commit", "-q", "--allow-empty", "-m", "change");
  return git("rev-parse", "HEAD");
};
const repository = () => {
  git("init", "-q", "-b", "main");
  write("a.txt", "one");
  return commit();
};
const stampWith = (env: Record<string, string> = {}, options: StampOptions = {}) =>
  createStamp({ cwd: folder, appName: "web", now: () => NOW, ...options, env: { ...ENV, ...env } });

describe("a repository", () => {
  test("clean: the full commit, its branch and its time", async () => {
    const sha = repository();
    expect(sha).toMatch(COMMIT);
    expect(await stampWith()).toEqual({
      stamp: {
        appName: "web",
        environment: "local",
        version: sha.slice(0, 12),
        gitCommit: sha,
        gitBranch: "main",
        gitDirty: false,
        gitTag: null,
        buildNumber: 0,
        buildTime: COMMITTED_AT,
        commitTime: COMMITTED_AT,
      },
      warnings: [],
      dirtyPaths: [],
    });
  });

  test("a changed file makes it dirty, and its time the clock's", async () => {
    const sha = repository();
    write("a.txt", "two");
    const { stamp, warnings } = await stampWith();
    expect(stamp).toMatchObject({
      gitDirty: true,
      version: `${sha.slice(0, 12)}-dirty`,
      buildTime: NOW,
      commitTime: COMMITTED_AT,
    });
    expect(warnings).toEqual(["Working directory has uncommitted changes: a.txt"]);
  });

  test("an untracked file makes it dirty", async () => {
    repository();
    write("new file.txt", "");
    const { stamp, warnings } = await stampWith();
    expect(stamp.gitDirty).toBe(true);
    expect(warnings).toEqual(["Working directory has uncommitted changes: new file.txt"]);
  });

  test("the first five changed files are named", async () => {
    repository();
    for (const name of "bcdefgh") write(`${name}.txt`, "");
    expect((await stampWith()).warnings).toEqual([
      "Working directory has uncommitted changes: b.txt, c.txt, d.txt, e.txt, f.txt and 2 more",
    ]);
  });

  test("a touched file, an ignored file and the build's own output do not make it dirty", async () => {
    repository();
    write(".gitignore", "*.log");
    commit();
    write("debug.log", "");
    utimesSync(join(folder, "a.txt"), 1, 1);
    for (const output of ["dist", "build[1]"]) {
      mkdirSync(join(folder, output));
      write(`${output}/index.html`, "");
    }
    // The last one leads out of the repository, which git would refuse.
    const outputs = ["dist/", "build[1]", "../elsewhere"];
    expect((await stampWith({}, { outputs })).stamp.gitDirty).toBe(false);
  });

  test("outputs are those of the folder, not of the whole repository", async () => {
    repository();
    mkdirSync(join(folder, "web", "dist"), { recursive: true });
    write("web/main.ts", "");
    commit();
    write("web/dist/index.html", "");
    expect((await stampWith({}, { cwd: join(folder, "web") })).stamp.gitDirty).toBe(false);
    mkdirSync(join(folder, "dist"));
    write("dist/index.html", "");
    expect((await stampWith({}, { cwd: join(folder, "web") })).stamp.gitDirty).toBe(true);
  });

  test("a detached HEAD has no branch", async () => {
    const sha = repository();
    git("checkout", "-q", "--detach");
    expect((await stampWith()).stamp).toMatchObject({ gitBranch: null, gitCommit: sha });
  });

  test("the highest tag at HEAD is the tag, and names the version", async () => {
    repository();
    git("tag", "v1.9.0");
    git("tag", "v1.10.0");
    expect((await stampWith()).stamp).toMatchObject({ gitTag: "v1.10.0", version: "1.10.0" });
    write("a.txt", "two");
    expect((await stampWith()).stamp.version).toBe("1.10.0-dirty");
    commit();
    expect((await stampWith()).stamp.gitTag).toBeNull();
  });

  test("a release is higher than its candidates, and a version than any other tag", async () => {
    repository();
    for (const tag of ["zebra", "v2.0.0-rc.1", "v2.0.0", "release/v2.0.0"]) git("tag", tag);
    expect((await stampWith()).stamp).toMatchObject({ gitTag: "v2.0.0", version: "2.0.0" });
  });

  test("an annotated tag is one of the commit that it names", async () => {
    repository();
    git("tag", "-a", "-m", "first", "v1.0.0");
    expect((await stampWith()).stamp.gitTag).toBe("v1.0.0");
  });

  test.each([
    ["v1.2.3", "1.2.3"],
    ["release/v1.2.3", "1.2.3"],
    ["release/1.2.3", "1.2.3"],
    ["release/vienna", "release-vienna"],
    ["web/v1.2.3", "web-v1.2.3"],
  ])("the tag %s is shown as %s", async (tag, label) => {
    repository();
    git("tag", tag);
    expect((await stampWith()).stamp).toMatchObject({ gitTag: tag, version: label });
  });

  test("a tag that is no label becomes one", async () => {
    repository();
    git("tag", "web/über 1".replace(" ", "_"));
    expect((await stampWith()).stamp.version).toBe("web--ber_1");
  });

  test("with 64 digit commits", async () => {
    git("init", "-q", "-b", "main", "--object-format=sha256");
    expect((await stampWith({ GITHUB_SHA: commit() })).stamp.gitCommit).toMatch(/^[0-9a-f]{64}$/);
  });

  test("without a commit is named so", async () => {
    git("init", "-q");
    const { stamp, warnings } = await stampWith();
    expect(stamp).toMatchObject({ gitCommit: null, gitDirty: false, version: "20261120-113000" });
    expect(warnings).toEqual([
      `The git repository of "${folder}" has no commit yet, using timestamp 20261120-113000`,
    ]);
  });

  test.runIf(process.getuid?.() === 0)("of another user is named so", async () => {
    repository();
    execFileSync("chown", ["-R", "12345", folder]);
    chmodSync(folder, 0o755);
    expect((await stampWith()).warnings).toEqual([
      `git refuses "${folder}" because another user owns it (git config --global --add safe.directory "${folder}" allows it), using timestamp 20261120-113000`,
    ]);
  });
});

describe("no repository", () => {
  test("the version is the time in UTC", async () => {
    const { stamp, warnings } = await stampWith();
    expect(stamp).toMatchObject({
      gitCommit: null,
      gitBranch: null,
      commitTime: null,
      version: "20261120-113000",
      buildTime: NOW,
    });
    expect(warnings).toEqual(["Not in a git repository, using timestamp 20261120-113000"]);
  });

  test("a version from elsewhere is no timestamp, and there is no commit all the same", async () => {
    expect((await stampWith({ VERSION: "1.2.3" })).warnings).toEqual([
      "Not in a git repository, so the build names no commit",
    ]);
  });

  test("without git it says so", async () => {
    repository();
    expect(await stampWith({ PATH: "/nowhere" })).toMatchObject({
      stamp: { gitCommit: null, version: "20261120-113000" },
      warnings: ["The command git was not found, using timestamp 20261120-113000"],
    });
  });

  test("a folder that is not there is named", async () => {
    const { warnings } = await stampWith({}, { cwd: join(folder, "gone") });
    expect(warnings[0]).toContain(`There is no folder "${join(folder, "gone")}"`);
  });

  test("a commit that CI names is enough", async () => {
    const sha = "ab".repeat(20);
    expect(await stampWith({ GITHUB_SHA: sha.toUpperCase() })).toMatchObject({
      stamp: { gitCommit: sha, version: "abababababab" },
      warnings: [],
    });
  });
});

describe("the version's name", () => {
  const cases: [title: string, env: Record<string, string>, packageJson: object, label: string][] =
    [
      [
        "TIDELINE_VERSION first",
        { TIDELINE_VERSION: "1.10", VERSION: "2" },
        { version: "3.0.0" },
        "1.10",
      ],
      [
        "then VERSION",
        { VERSION: "2.0.0+build.7", SPOT_VERSION: "1" },
        { version: "3.0.0" },
        "2.0.0+build.7",
      ],
      ["then SPOT_VERSION", { SPOT_VERSION: "v1.2.3" }, { version: "3.0.0" }, "v1.2.3"],
      ["but no stand-in", { SPOT_VERSION: "unknown", VERSION: "" }, { version: "3.0.0" }, "3.0.0"],
      ["with a build of the same version", { TIDELINE_VERSION: "0.1.0+3" }, {}, "0.1.0+3"],
      ["then the tag", { GIT_TAG: "v2.5.0" }, { version: "3.0.0" }, "2.5.0"],
      ["then package.json", {}, { version: "3.0.0" }, "3.0.0"],
      ["but not its 0.0.0", {}, { version: "0.0.0" }, "20261120-113000"],
    ];
  test.each(cases)("%s", async (_, env, packageJson, label) => {
    write("package.json", JSON.stringify(packageJson));
    expect((await stampWith(env)).stamp.version).toBe(label);
  });

  test.each(["-1", "a b", "x".repeat(64), "<version>", "%VERSION%", "a/b"])(
    "%j is refused",
    async (version) => {
      await expect(stampWith({ VERSION: version })).rejects.toThrow(
        `Cannot use VERSION as the version: expected 1 to 63 letters, digits and ".", "_", "+", "-", got "${version}"`,
      );
    },
  );
});

describe("the environment", () => {
  test("TIDELINE_ENVIRONMENT goes before the option", async () => {
    const { stamp } = await stampWith(
      { TIDELINE_ENVIRONMENT: "staging" },
      { environment: "production" },
    );
    expect(stamp.environment).toBe("staging");
  });

  test.each(["production", "development", "test"])("NODE_ENV %s decides nothing", async (value) => {
    expect((await stampWith({ NODE_ENV: value })).stamp.environment).toBe("local");
  });

  test.each([{ CI: "true" }, { CI: "1" }, { VERCEL: "1" }])("%j has no default", async (env) => {
    await expect(stampWith(env)).rejects.toThrow("set TIDELINE_ENVIRONMENT");
    expect((await stampWith(env, { environment: "staging" })).stamp.environment).toBe("staging");
    expect((await stampWith(env, { environment: null })).stamp.environment).toBeNull();
  });

  test("CI=false is no CI", async () => {
    expect((await stampWith({ CI: "false" })).stamp.environment).toBe("local");
  });

  test.each(["two words", "/", "-x", "x".repeat(65)])("%j is no name", async (name) => {
    await expect(stampWith({ TIDELINE_ENVIRONMENT: name })).rejects.toThrow(RangeError);
  });
});

describe("the application's name", () => {
  test.each([
    [{ TIDELINE_APP: "a", APP_NAME: "b" }, "a"],
    [{ APP_NAME: "b" }, "b"],
    [{}, "web"],
  ])("%j gives %s", async (env, appName) => {
    expect((await stampWith(env)).stamp.appName).toBe(appName);
  });

  test("without an option it is package.json's, without the scope", async () => {
    write("package.json", '{"name":"@acme/shop"}');
    mkdirSync(join(folder, "src"));
    const { stamp } = await createStamp({ cwd: join(folder, "src"), env: ENV, now: () => NOW });
    expect(stamp.appName).toBe("shop");
  });

  test("a package.json that is not JSON is named", async () => {
    write("package.json", "{");
    await expect(stampWith()).rejects.toThrow(`Cannot parse "${join(folder, "package.json")}"`);
  });
});

describe("numbers", () => {
  test.each([
    [{ TIDELINE_BUILD_NUMBER: "7", GITHUB_RUN_NUMBER: "8" }, 7],
    [{ GITHUB_RUN_NUMBER: "8" }, 8],
    [{ GITHUB_RUN_NUMBER: "eight" }, 0],
  ])("%j is build %d", async (env, buildNumber) => {
    expect((await stampWith(env)).stamp.buildNumber).toBe(buildNumber);
  });

  test("a build number that is none is refused", async () => {
    await expect(stampWith({ TIDELINE_BUILD_NUMBER: "NaN" })).rejects.toThrow(RangeError);
  });

  test("SOURCE_DATE_EPOCH is the build time, in seconds", async () => {
    repository();
    expect((await stampWith({ SOURCE_DATE_EPOCH: "1700000000" })).stamp.buildTime).toBe(
      1_700_000_000_000,
    );
    await expect(stampWith({ SOURCE_DATE_EPOCH: "yesterday" })).rejects.toThrow(RangeError);
  });
});

test("CI goes before the working tree, and a contradiction is a warning", async () => {
  const head = repository();
  const sha = "cd".repeat(20);
  const { stamp, warnings } = await stampWith({
    GITHUB_ACTIONS: "true",
    GITHUB_SHA: sha,
    GITHUB_REF_TYPE: "tag",
    GITHUB_REF_NAME: "v3.1.0",
    GITHUB_RUN_NUMBER: "42",
    TIDELINE_ENVIRONMENT: "production",
  });
  expect(stamp).toMatchObject({
    gitCommit: sha,
    gitTag: "v3.1.0",
    version: "3.1.0",
    buildNumber: 42,
  });
  expect(warnings).toEqual([
    `GitHub Actions names commit ${sha}, the working tree is at ${head}; the build is stamped with the former`,
  ]);
});

describe("a commit that variables name", () => {
  const AHEAD = "cd".repeat(20);
  const CLOUD_BUILD = { BUILDER_OUTPUT: "/builder/outputs", TIDELINE_ENVIRONMENT: "staging" };

  test("COMMIT_SHA is one outside the known providers too", async () => {
    expect(await stampWith({ COMMIT_SHA: AHEAD })).toMatchObject({
      stamp: { gitCommit: AHEAD, environment: "local" },
      warnings: [],
    });
  });

  test("a short one is never stored, and is no contradiction where it begins HEAD's", async () => {
    const head = repository();
    const { stamp, warnings } = await stampWith({ ...CLOUD_BUILD, SHORT_SHA: head.slice(0, 7) });
    expect({ commit: stamp.gitCommit, warnings }).toEqual({ commit: head, warnings: [] });
  });

  test("a short one of another commit is a warning", async () => {
    const head = repository();
    const { stamp, warnings } = await stampWith({ ...CLOUD_BUILD, SHORT_SHA: "0000abc" });
    expect({ commit: stamp.gitCommit, warnings }).toEqual({
      commit: head,
      warnings: [
        `Google Cloud Build names "0000abc", which is no full commit, and the working tree is at ${head}; the build is stamped with the latter`,
      ],
    });
  });

  test("a short one outside a repository leaves the build without a commit", async () => {
    const { stamp, warnings } = await stampWith({ ...CLOUD_BUILD, SHORT_SHA: "abc1234" });
    expect(stamp).toMatchObject({ gitCommit: null, version: "20261120-113000" });
    expect(warnings.at(-1)).toBe('Google Cloud Build names "abc1234", which is no full commit');
  });

  test("a pull request's head is no contradiction to the merge that is checked out", async () => {
    const merge = repository();
    const event = join(folder, ".git", "event.json");
    writeFileSync(event, JSON.stringify({ pull_request: { head: { sha: AHEAD } } }));
    const env = {
      GITHUB_ACTIONS: "true",
      GITHUB_SHA: merge,
      GITHUB_EVENT_NAME: "pull_request",
      GITHUB_EVENT_PATH: event,
      TIDELINE_ENVIRONMENT: "preview",
    };
    const { stamp, warnings } = await stampWith(env);
    expect({ commit: stamp.gitCommit, warnings }).toEqual({ commit: AHEAD, warnings: [] });
  });

  test("a CI that is in no table falls back to git", async () => {
    const head = repository();
    const env = { CI: "true", UNHEARD_OF_COMMIT: AHEAD, TIDELINE_ENVIRONMENT: "staging" };
    expect((await stampWith(env)).stamp).toMatchObject({ gitCommit: head, gitBranch: "main" });
  });
});

test("changes in CI are a warning, because a build must not fail over its label", async () => {
  const head = repository();
  write("a.txt", "two");
  const { stamp, warnings, dirtyPaths } = await stampWith({
    CI: "true",
    TIDELINE_ENVIRONMENT: "staging",
  });
  expect(stamp.version).toBe(`${head.slice(0, 12)}-dirty`);
  expect(warnings).toEqual(["Working directory has uncommitted changes: a.txt"]);
  expect(dirtyPaths).toEqual(["a.txt"]);
});
