/** `tideline release` as a user has it: real processes of the built program against real git. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type BuiltCli, buildCli, type CliRun, runCli } from "@tideline/testing/built-cli";
import { GIT_ENV, type GitRig } from "@tideline/testing/git-rig";
import { VersionRig } from "@tideline/testing/version-rig";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";

let cli: BuiltCli;
beforeAll(async () => {
  cli = await buildCli();
});
afterAll(() => cli.dispose());

let rig: VersionRig;
beforeEach(async () => {
  rig = await VersionRig.create();
});
afterEach(() => rig.dispose());

const tideline = (clone: GitRig, ...args: readonly string[]): Promise<CliRun> =>
  runCli(cli, args, { cwd: clone.folder, env: GIT_ENV });
const release = async (clone: GitRig, ...args: readonly string[]) => {
  const run = await tideline(clone, "release", "--json", ...args);
  return { ...run, json: JSON.parse(run.stdout) };
};
const bump = (...args: readonly string[]) => tideline(rig.seed, "bump", "patch", "--push", ...args);
const at = (revision: string) => rig.bare.git("rev-parse", revision);

describe("where the branch's newest commit is not skipped", () => {
  test("the tag is put there, and a repeat finds it", async () => {
    const tip = await rig.advance("feat: more");
    const first = await release(rig.seed);
    expect(first.json).toEqual({
      ok: true,
      version: "1.0.0",
      tag: "release/v1.0.0",
      commit: tip,
      source: tip,
      skipToken: null,
      isRepeat: false,
      isDryRun: false,
    });
    expect([await at("release/v1.0.0"), await at("main")]).toEqual([tip, tip]);
    const again = await release(rig.seed);
    expect([again.code, again.json.isRepeat, again.json.commit]).toEqual([0, true, tip]);
  });

  test("a dry run pushes nothing", async () => {
    const run = await tideline(rig.seed, "release", "--dry-run");
    expect(run.stdout).toBe(
      `Would release: 1.0.0 as "release/v1.0.0" of "origin", on ${(await at("main")).slice(0, 12)}\n`,
    );
    expect(await rig.tags()).toEqual([]);
  });

  test("another commit of the same version is a conflict: exit code 4, and the tag stays", async () => {
    await release(rig.seed);
    const tagged = await at("release/v1.0.0");
    await rig.advance("feat: other content", { other: "1\n" });
    const { code, json } = await release(rig.seed);
    expect(code).toBe(4);
    expect(json).toMatchObject({ ok: false, kind: "conflict" });
    expect(json.message).toMatch(
      /^Cannot release 1\.0\.0: expected "release\/v1\.0\.0" to be free or at [0-9a-f]{12}, it is at [0-9a-f]{12}, which is other content; bump the version/,
    );
    expect(await at("release/v1.0.0")).toBe(tagged);
    // The one that was released is still that one.
    expect((await release(rig.seed, "--at", tagged)).json).toMatchObject({ isRepeat: true });
  });
});

test("of an older commit nothing is said of the working tree, which has it", async () => {
  const older = await at("main");
  await rig.advance("feat: later", { later: "1\n" });
  const clone = await rig.clone();
  const run = await tideline(clone, "release", "--at", older);
  expect([run.code, run.stderr]).toEqual([0, ""]);
  expect(run.stdout).toContain(`Released: 1.0.0 as "release/v1.0.0" of "origin"`);
});

describe("where it carries a skip token", () => {
  test("an empty commit without one goes on top, with the tag, in one push", async () => {
    await bump();
    const bumped = await at("main");
    const { json } = await release(rig.seed);
    const tip = await at("main");
    expect(json).toMatchObject({
      version: "1.0.1",
      commit: tip,
      source: bumped,
      skipToken: "[skip ci]",
    });
    expect(await rig.bare.git("log", "-1", "--format=%P %B", "main")).toBe(
      `${bumped} chore: release 1.0.1`,
    );
    expect(await rig.bare.git("diff", "--stat", bumped, tip)).toBe("");
    expect([await at("release/v1.0.1"), await rig.orphans()]).toEqual([tip, []]);
    // By either name of it.
    for (const args of [[], ["--at", "v1.0.1"], ["--at", bumped], ["--at", "release/v1.0.1"]]) {
      expect((await release(rig.seed, ...args)).json).toMatchObject({
        isRepeat: true,
        commit: tip,
      });
    }
    expect(await at("main")).toBe(tip);
  });

  test("an older bump is released beside the branch, which stays where it is", async () => {
    await bump();
    await rig.advance("feat: later", { later: "1\n" });
    const tip = await at("main");
    const clone = await rig.clone("--depth=1");
    const { code, json } = await release(clone, "--at", "v1.0.1");
    expect([code, json.version, await at("main")]).toEqual([0, "1.0.1", tip]);
    expect(await rig.bare.git("diff", "--stat", "v1.0.1", "release/v1.0.1")).toBe("");
    expect(await at("release/v1.0.1^")).toBe(await at("v1.0.1"));
    expect((await release(clone, "--at", "v1.0.1")).json.isRepeat).toBe(true);
  });

  test("8 at once make one release, and all of them give it", async () => {
    await bump();
    const runs = await Promise.all(Array.from({ length: 8 }, () => release(rig.seed)));
    expect(runs.map(({ code }) => code)).toEqual(runs.map(() => 0));
    expect(new Set(runs.map(({ json }) => json.commit))).toEqual(
      new Set([await at("release/v1.0.1")]),
    );
    expect(await rig.bare.git("rev-list", "--count", "v1.0.1..main")).toBe("1");
  }, 60_000);

  test("a dry run says so", async () => {
    await bump();
    const run = await tideline(rig.seed, "release", "--dry-run");
    expect(run.stdout).toContain(
      `on an empty commit on top of ${(await at("main")).slice(0, 12)}, whose message says "[skip ci]"`,
    );
    expect(await rig.tags()).toEqual(["v1.0.1"]);
  });
});

describe("what cannot be released", () => {
  test("a commit that the branch does not have", async () => {
    await rig.seed.git("checkout", "--quiet", "-b", "side");
    const side = await rig.seed.commit("feat: side");
    const { code, json } = await release(rig.seed, "--at", side);
    expect([code, json.message]).toEqual([
      3,
      `Cannot release at "${side}": expected a commit of "main" of "origin", which does not have it`,
    ]);
    expect(await rig.tags()).toEqual([]);
  });

  test("what is no commit", async () => {
    const { code, json } = await release(rig.seed, "--at", "v9.9.9");
    expect([code, json.message]).toEqual([
      2,
      'Cannot release at "v9.9.9": expected a tag of "origin" or a full commit of "main", found neither',
    ]);
  });

  test("a commit without a version file", async () => {
    const { version } = JSON.parse(
      await readFile(join(rig.seed.folder, "assets/version.json"), "utf8"),
    );
    expect(version).toBe("1.0.0");
    await rig.seed.git("rm", "--quiet", "assets/version.json");
    await rig.seed.commit("feat: none");
    await rig.seed.git("push", "--quiet");
    const { code, json } = await release(rig.seed);
    expect(code).toBe(2);
    expect(json.message).toMatch(/^Cannot release: expected the version file .* found none/);
  });
});

describe("at a repository that starts workflows as GitHub does", () => {
  /** A push starts the workflows of its refs, unless its newest commit says to skip them. */
  async function actAsGitHub(): Promise<() => Promise<string[]>> {
    await rig.hook(
      "post-receive",
      `while read -r old new ref; do
  git log -1 --format=%B "$new" | grep -qiE '\\[(skip ci|ci skip|no ci|skip actions|actions skip)\\]|^skip-checks: ?true$' && continue
  case "$ref" in
    refs/heads/main) echo "staging $new" >> started;;
    refs/tags/release/v*) echo "production $ref" >> started;;
    refs/tags/v*) echo "tag $ref" >> started;;
  esac
done`,
    );
    return async () =>
      (await readFile(join(rig.bare.folder, "started"), "utf8").catch(() => ""))
        .split("\n")
        .filter((line) => line !== "");
  }

  test("bumps start nothing, and every release starts production once", async () => {
    const started = await actAsGitHub();
    const expected: string[] = [];
    for (let version = 1; version <= 6; version += 1) {
      const push = await rig.advance(`feat: number ${version}`, { n: `${version}\n` });
      expected.push(`staging ${push}`);
      expect(await started()).toEqual(expected);
      const run = await bump("--for", push);
      expect(run.stdout).toMatch(new RegExp(`^1\\.0\\.${version}\n`));
      expect(await started()).toEqual(expected);
      // Odd ones at the branch's end, even ones when it has gone on.
      if (version % 2 === 0) {
        const later = await rig.advance(`feat: meanwhile ${version}`, { m: `${version}\n` });
        expected.push(`staging ${later}`);
      }
      const { json } = await release(rig.seed, "--at", `v1.0.${version}`);
      if (version % 2 === 1) expected.push(`staging ${json.commit}`);
      expected.push(`production refs/tags/release/v1.0.${version}`);
      expect(await started()).toEqual(expected);
      // Run again, as a failed job would be: nothing starts.
      await release(rig.seed, "--at", `v1.0.${version}`);
      await bump("--for", push);
      expect(await started()).toEqual(expected);
    }
    expect((await started()).filter((line) => line.startsWith("production"))).toHaveLength(6);
  }, 120_000);
});
