/** `tideline stamp` as a real process in real repositories. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BuiltCli, buildCli, runCli } from "@tideline/testing/built-cli";
import { GIT_ENV, GitRig } from "@tideline/testing/git-rig";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";

let cli: BuiltCli;
beforeAll(async () => {
  cli = await buildCli();
});
afterAll(() => cli.dispose());

let rig: GitRig;
let commit: string;
beforeEach(async () => {
  rig = await GitRig.create();
  commit = await rig.commit("one", { "package.json": '{"name":"@acme/shop"}', "a.txt": "1" });
});
afterEach(() => rig.dispose());

const stamp = (args: readonly string[] = [], env: Record<string, string> = {}, cwd = rig.folder) =>
  runCli(cli, ["stamp", ...args], {
    cwd,
    env: { ...GIT_ENV, GIT_CEILING_DIRECTORIES: tmpdir(), ...env },
  });
const CI = { CI: "true", TIDELINE_ENVIRONMENT: "production", SOURCE_DATE_EPOCH: "1700000000" };

describe("tideline stamp", () => {
  test("prints aligned lines, without those that have nothing to say", async () => {
    const { code, stdout, stderr } = await stamp([], { SOURCE_DATE_EPOCH: "1700000000" });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout.replace(/committed at {2}.*/, "committed at  (then)")).toBe(
      [
        "app           shop",
        "environment   local",
        `version       ${commit.slice(0, 12)}`,
        `commit        ${commit.slice(0, 12)}`,
        "branch        main",
        "committed at  (then)",
        "built at      2023-11-14 22:13:20 UTC",
        "",
      ].join("\n"),
    );
  });

  test("names the first five changed files, and nothing that would drive a terminal", async () => {
    await rig.write(Object.fromEntries([..."bcdefg"].map((name) => [`${name}\u001b[2J`, ""])));
    const { stdout, stderr } = await stamp();
    expect(stderr).toBe("");
    expect(stdout).toContain("changed       b?[2J, c?[2J, d?[2J, e?[2J, f?[2J and 1 more\n");
    expect((await stamp(["--json"])).stderr).toMatch(
      /^Working directory has uncommitted changes: b\?\[2J, .* and 1 more\n$/,
    );
  });

  test("gives the whole stamp with the full commit as JSON", async () => {
    await rig.git("tag", "release/v4.20.5");
    expect(JSON.parse((await stamp(["--json"], CI)).stdout)).toMatchObject({
      appName: "shop",
      environment: "production",
      version: "4.20.5",
      gitCommit: commit,
      gitTag: "release/v4.20.5",
    });
  });

  test("puts an option above the variable of the same thing", async () => {
    const options = ["--json", "--app", "other", "--environment", "staging"];
    const env = { TIDELINE_APP: "st", APP_NAME: "st", TIDELINE_ENVIRONMENT: "production" };
    const { stdout } = await stamp(options, env);
    expect(JSON.parse(stdout)).toMatchObject({ appName: "other", environment: "staging" });
  });

  test("says of an artifact that is no folder what is there", async () => {
    const { code, stderr } = await stamp(["--dist", "nowhere"]);
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/expected a folder in --dist, nothing is at ".*nowhere"\n$/),
    ]);
    expect((await stamp(["--dist", "a.txt"])).stderr).toMatch(/a file is at ".*a\.txt"\n$/);
  });

  test("of a depth-1 clone is that of a full one, byte for byte", async () => {
    await rig.commit("two", { "a.txt": "2" });
    await rig.git("tag", "v1.0.0");
    const full = await GitRig.clone(rig);
    const shallow = await GitRig.clone(rig, "--depth=1");
    const [ofFull, ofShallow] = [
      await stamp(["--json"], {}, full.folder),
      await stamp(["--json"], {}, shallow.folder),
    ];
    expect(ofFull).toMatchObject({ code: 0, stderr: "" });
    expect(ofShallow).toEqual(ofFull);
    const counted = await stamp([], { TIDELINE_VERSION_FORM: "date-count" }, shallow.folder);
    expect(counted.code).toBe(2);
    expect(counted.stderr).toContain("expected the whole history, got a shallow clone");
    for (const clone of [full, shallow]) await clone.dispose();
  });

  test("in CI refuses a changed tree, unless it is allowed", async () => {
    await rig.write({ "a.txt": "2" });
    expect(await stamp([], CI)).toMatchObject({
      code: 3,
      stdout: "",
      stderr:
        "Cannot stamp the build: expected a clean working tree in CI, got changes to a.txt; commit or ignore what the job makes, or allow it with --allow-dirty\n",
    });
    const allowed = await stamp(["--allow-dirty", "--json"], CI);
    expect(allowed.code).toBe(0);
    expect(JSON.parse(allowed.stdout)).toMatchObject({
      version: `${commit.slice(0, 12)}-dirty`,
      gitDirty: true,
    });
  });

  test("outside a repository says so, and uses the time", async () => {
    const outside = await mkdtemp(join(tmpdir(), "tideline-outside-"));
    const { stdout, stderr } = await stamp(["--app", "web"], {}, outside);
    expect(stderr).toMatch(/^Not in a git repository, using timestamp \d{8}-\d{6}\n$/);
    expect(stdout).toMatch(/version {6}\d{8}-\d{6}\ncommit {7}none\n/);
    await rm(outside, { recursive: true });
  });

  test.each(["America/New_York", "Pacific/Kiritimati"])(
    "names the time in UTC in %s",
    async (TZ) => {
      const outside = await mkdtemp(join(tmpdir(), "tideline-outside-"));
      const before = Date.now();
      const { stdout } = await stamp(["--app", "web", "--json"], { TZ }, outside);
      const [, ...parts] =
        /^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)$/.exec(JSON.parse(stdout).version) ?? [];
      const [year = 0, month = 0, ...rest] = parts.map(Number);
      const named = Date.UTC(year, month - 1, ...rest);
      expect(named).toBeGreaterThan(before - 1_000);
      expect(named).toBeLessThanOrEqual(Date.now());
      await rm(outside, { recursive: true });
    },
  );

  test("in a hidden form names no commit at all", async () => {
    const { stdout, stderr } = await stamp(["--json"], {
      TIDELINE_VERSION_FORM: "hmac",
      TIDELINE_VERSION_SECRET: "correct horse battery staple",
    });
    expect(JSON.parse(stdout)).toMatchObject({ gitCommit: null, gitBranch: null });
    expect(stdout + stderr).not.toContain(commit.slice(0, 7));
  });
});
