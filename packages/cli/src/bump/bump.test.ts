/** `tideline bump` as a user has it: real processes of the built program against real git. */
import { chmod, mkdtemp, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BuiltCli, buildCli, type CliRun, runCli } from "@tideline/testing/built-cli";
import { GIT_ENV, type GitRig } from "@tideline/testing/git-rig";
import { FIRST_VERSION, VersionRig } from "@tideline/testing/version-rig";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";

const PARALLEL = 16;

let cli: BuiltCli;
beforeAll(async () => {
  cli = await buildCli();
});
afterAll(() => cli.dispose());

let rig: VersionRig;
const folders: string[] = [];
beforeEach(async () => {
  rig = await VersionRig.create();
});
afterEach(async () => {
  await rig.dispose();
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

function bump(
  cwd: GitRig | string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<CliRun> {
  return runCli(cli, ["bump", ...args], {
    cwd: typeof cwd === "string" ? cwd : cwd.folder,
    env: { ...GIT_ENV, ...env },
  });
}

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "tideline-bump-"));
  folders.push(folder);
  return folder;
}

/** What a commit consists of, apart from its time. */
const contentOf = (clone: GitRig) => clone.git("status", "--porcelain", "--branch");

describe("in a folder", () => {
  test.each([
    ["patch", "1.0.1"],
    ["minor", "1.1.0"],
    ["major", "2.0.0"],
  ])("%s gives %s in the five keys, and commits nothing", async (level, version) => {
    const head = await rig.seed.git("rev-parse", "HEAD");
    const run = await bump(rig.seed, [level]);
    expect(run).toEqual({
      code: 0,
      stdout: `${version}\nWritten into "assets/version.json", in place of 1.0.0; committing it is yours, or use --push\n`,
      stderr: "",
    });
    const text = await readFile(join(rig.seed.folder, "assets/version.json"), "utf8");
    const file = JSON.parse(text);
    const date = new Date(file.build_date).toISOString();
    expect(file).toEqual({
      version,
      build_number: date.slice(0, 16).replace(/\D/g, ""),
      build_date: `${date.slice(0, 19)}Z`,
      git_commit: head,
      buildTimestamp: date.slice(0, 19).replace("T", " "),
    });
    expect(Math.abs(Date.now() - Date.parse(file.build_date))).toBeLessThan(60_000);
    expect(text).toBe(`${JSON.stringify(file, null, 2)}\n`);
    expect(await rig.seed.git("rev-parse", "HEAD")).toBe(head);
    expect(await rig.seed.git("status", "--porcelain")).toBe("M assets/version.json");
  });

  test("a dry run writes nothing", async () => {
    const run = await bump(rig.seed, ["minor", "--dry-run"]);
    expect(run.stdout).toBe(
      `1.1.0\nWould write it into "assets/version.json", in place of 1.0.0\n`,
    );
    expect(await rig.seed.git("status", "--porcelain")).toBe("");
  });

  test("outside of git the commit is unknown", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, "version.json"), '{"version":"0.9.9","name":"kept"}');
    const run = await bump(folder, ["patch", "--json"]);
    expect(JSON.parse(run.stdout)).toEqual({
      ok: true,
      version: "0.9.10",
      previous: "0.9.9",
      file: "version.json",
      tag: null,
      commit: null,
      isRepeat: false,
      isPushed: false,
      isDryRun: false,
    });
    const file = JSON.parse(await readFile(join(folder, "version.json"), "utf8"));
    expect(file).toMatchObject({ version: "0.9.10", git_commit: "unknown", name: "kept" });
  });

  test("of a package.json only the version changes, whatever its formatting", async () => {
    const text =
      '{\n\t"name": "x", "nested": { "version": "7.7.7" },\n\t"files": ["a",  "b"],\n\t"version" : "1.0.0"\n}';
    await rig.seed.write({ "package.json": text });
    const run = await bump(rig.seed, ["minor", "--file", "package.json"]);
    expect(run.code).toBe(0);
    const after = await readFile(join(rig.seed.folder, "package.json"), "utf8");
    expect(after).toBe(text.replace("1.0.0", "1.1.0"));
  });

  test("the configuration names the file, from any folder below it", async () => {
    await rig.seed.write({
      "tideline.config.json": JSON.stringify({
        versionFile: "web/v.json",
        services: { web: { paths: ["web/**"] } },
      }),
      "web/v.json": '{"version":"3.0.0"}',
    });
    const run = await bump(join(rig.seed.folder, "assets"), ["patch"]);
    expect(run.stdout).toContain('3.0.1\nWritten into "web/v.json"');
  });

  test.each([
    ["no version file", null, 'found none; begin with {"version": "0.1.0"}'],
    ["no JSON", "version: 1.0.0", "expected JSON, got something else in line 1"],
    ["an empty file", "", "expected JSON, got nothing"],
    ["a list", "[1]", "expected an object, got a list"],
    ["no version in it", "{}", 'expected a text in "version", got nothing'],
    ["a number", '{"version":1}', 'expected a text in "version", got a number'],
    ["a tag's name", '{"version":"v1.0.0"}', 'expected a semantic version such as "1.2.3"'],
    ["another file", "{\n  password=s3cret\n", "expected JSON, got something else in line 2"],
    [
      "a secret for a version",
      '{"version":["s3cret"]}',
      'expected a text in "version", got a list',
    ],
  ])("%s is said in one sentence with exit code 2", async (_case, text, sentence) => {
    const folder = await temporaryFolder();
    if (text !== null) await writeFile(join(folder, "version.json"), text);
    const run = await bump(folder, ["patch"]);
    expect(run.code).toBe(2);
    expect(run.stderr).toContain(sentence);
    expect(run.stderr).not.toContain("s3cret");
    expect(run.stderr.trim().split("\n")).toHaveLength(1);
    if (text !== null) expect(await readFile(join(folder, "version.json"), "utf8")).toBe(text);
  });

  test.each([
    [["huge"], 'Cannot bump: expected "patch", "minor" or "major", got "huge"\n'],
    [["patch", "--for", "HEAD"], "Cannot use --for: expected --push, which it makes repeatable\n"],
  ])("%j is a wrong command line", async (args, sentence) => {
    const run = await bump(rig.seed, args);
    expect([run.code, run.stderr]).toEqual([2, sentence]);
  });

  test("a version file outside of the repository is refused", async () => {
    const run = await bump(rig.seed, ["patch", "--file", "../version.json"]);
    expect(run.code).toBe(2);
    expect(run.stderr).toContain(`expected a version file below "${rig.seed.folder}"`);
  });
});

describe("bump-version.sh", () => {
  const script = join(import.meta.dirname, "../../../../scripts/bump-version.sh");
  const sh = async (cwd: string, ...args: readonly string[]) =>
    await runCli(
      { path: "-e", dispose: async () => {} },
      [
        `const r=require("child_process").spawnSync(${JSON.stringify(script)},${JSON.stringify(args)},{encoding:"utf8"});process.stdout.write(r.stdout);process.stderr.write(r.stderr);process.exit(r.status)`,
      ],
      { cwd, env: GIT_ENV },
    );

  test("bumps patch by default and passes options on", async () => {
    const dry = await sh(rig.seed.folder, "--dry-run");
    expect(dry.stdout).toMatch(/^1\.0\.1\nWould write/);
    const minor = await sh(rig.seed.folder, "minor", "--json");
    expect(JSON.parse(minor.stdout)).toMatchObject({ version: "1.1.0" });
  });

  test("shows its help, and refuses another word", async () => {
    expect((await sh(rig.seed.folder, "--help")).stdout).toMatch(
      /^Usage: scripts\/bump-version\.sh/,
    );
    expect(await sh(rig.seed.folder, "tiny")).toEqual({
      code: 2,
      stdout: "",
      stderr: 'Cannot bump: expected "patch", "minor" or "major", got "tiny"\n',
    });
  });
});

describe("--push", () => {
  test("commits on top of the remote branch with a tag, and takes a clean checkout along", async () => {
    const clone = await rig.clone();
    const parent = await rig.advance("feat: more", { "web/more.ts": "export {};\n" });
    const run = await bump(clone, ["minor", "--push", "--json"]);
    const tip = await rig.bare.git("rev-parse", "main");
    expect(JSON.parse(run.stdout)).toEqual({
      ok: true,
      version: "1.1.0",
      previous: "1.0.0",
      tag: "v1.1.0",
      commit: tip,
      isPushed: true,
      isRepeat: false,
      isDryRun: false,
    });
    expect(await rig.bare.git("rev-parse", "v1.1.0")).toBe(tip);
    expect(await rig.bare.git("cat-file", "-t", "v1.1.0")).toBe("commit");
    expect(await rig.bare.git("log", "-1", "--format=%P %s", "main")).toBe(
      `${parent} chore: version 1.1.0 [skip ci]`,
    );
    expect(await rig.bare.git("diff", "--name-only", parent, tip)).toBe("assets/version.json");
    const file = JSON.parse(await rig.bare.git("show", "main:assets/version.json"));
    expect(file).toMatchObject({ version: "1.1.0", git_commit: parent });
    expect(run.stderr).toBe('Your "main" is there as well\n');
    expect(await contentOf(clone)).toBe("## main...origin/main");
    expect(await clone.git("rev-parse", "HEAD")).toBe(tip);
  });

  test("leaves a checkout with staged, changed and new files byte for byte as it was", async () => {
    const clone = await rig.clone();
    await clone.write({ "web/app.ts": "staged\n" });
    await clone.git("add", "web/app.ts");
    await clone.write({ "web/app.ts": "changed\n", "assets/version.json": "mine\n", new: "new\n" });
    const index = () => readFile(join(clone.folder, ".git/index"));
    const before = [await index(), await clone.git("diff"), await clone.git("diff", "--cached")];
    // What git status itself refreshes would show as a change.
    const before2 = await index();
    const run = await bump(clone, ["patch", "--push"]);
    expect(run.code).toBe(0);
    expect(run.stdout).toBe(
      '1.0.1\nPushed with the tag "v1.0.1" to "main" of "origin", after 1.0.0\n',
    );
    expect(run.stderr).toMatch(/^Your working tree stays at [0-9a-f]{12}: it has changes/);
    expect(await index()).toEqual(before2);
    expect([before[0], await clone.git("diff"), await clone.git("diff", "--cached")]).toEqual(
      before,
    );
    expect(await readFile(join(clone.folder, "new"), "utf8")).toBe("new\n");
    expect(await rig.bare.git("show", "main:web/app.ts")).toBe("export {};");
  });

  test("leaves refs, FETCH_HEAD and settings of the checkout alone", async () => {
    await rig.advance("feat: more");
    const clone = await rig.clone("--depth=1");
    await rig.advance("feat: even more");
    await clone.git("checkout", "--quiet", "--detach");
    const facts = async () => [
      await clone.git(
        "for-each-ref",
        "--format=%(refname) %(objectname)",
        "refs/heads",
        "refs/tags",
      ),
      await clone.git("config", "--list", "--local"),
      await clone.git("rev-parse", "HEAD"),
      await readFile(join(clone.folder, ".git/shallow"), "utf8"),
      await stat(join(clone.folder, ".git/FETCH_HEAD")).catch(() => null),
    ];
    const before = await facts();
    const run = await bump(clone, ["patch", "--push"]);
    expect(run.code).toBe(0);
    expect(run.stderr).toMatch(/^Your working tree stays at [0-9a-f]{12}: it is not on "main"\n$/);
    expect(await facts()).toEqual(before);
    expect(await rig.versionAt("main")).toBe("1.0.1");
  });

  test("a dry run says what it would push, and pushes nothing", async () => {
    const clone = await rig.clone();
    const tip = await rig.advance("feat: more");
    const run = await bump(clone, ["patch", "--push", "--dry-run"]);
    expect(run.stdout).toBe(
      '1.0.1\nWould push it with the tag "v1.0.1" to "main" of "origin", after 1.0.0\n',
    );
    expect([await rig.bare.git("rev-parse", "main"), await rig.tags()]).toEqual([tip, []]);
  });

  test("a branch of one's own commits stays where it is", async () => {
    const clone = await rig.clone();
    await clone.commit("feat: mine", { mine: "mine\n" });
    const run = await bump(clone, ["patch", "--push"]);
    expect(run.code).toBe(0);
    expect(run.stderr).toContain('your "main" has commits that the pushed one has not');
    expect(await rig.bare.git("ls-tree", "--name-only", "main")).not.toContain("mine");
  });

  test("a version whose tag exists is left out", async () => {
    await rig.bare.git("tag", "v1.0.1", "main");
    await rig.bare.git("tag", "--annotate", "--message=x", "v1.0.2", "main");
    const run = await bump(rig.seed, ["patch", "--push"]);
    expect(run.stdout).toMatch(/^1\.0\.3\n/);
    expect(run.stderr).toContain('Leaving out 1.0.1: the tag "v1.0.1" exists');
    expect(await rig.tags()).toEqual(["v1.0.1", "v1.0.2", "v1.0.3"]);
  });

  test("paths and names that are not ASCII survive", async () => {
    await rig.advance("feat: names", {
      "assets/größe.txt": "1\n",
      "tideline.config.json": JSON.stringify({
        versionFile: "ä/ö.json",
        services: { web: { paths: ["web/**"] } },
      }),
      "ä/ö.json": '{"version":"1.0.0"}',
      "ä/ü\n.txt": "2\n",
    });
    const before = await rig.bare.git("ls-tree", "-r", "-z", "--name-only", "main");
    const run = await bump(rig.seed, ["patch", "--push"]);
    expect(run.code).toBe(0);
    expect(await rig.bare.git("ls-tree", "-r", "-z", "--name-only", "main")).toBe(before);
    expect(await rig.versionAt("main", "ä/ö.json")).toBe("1.0.1");
    await rig.bare.git("fsck", "--strict");
  });

  test("a repository below another folder of its own keeps its version file there", async () => {
    await rig.advance("feat: nested", {
      "product/tideline.config.json": JSON.stringify({
        branch: "main",
        tagPrefix: "product-v",
        services: { web: { paths: ["web/**"] } },
      }),
      "product/version.json": '{"version":"5.0.0"}',
    });
    const run = await bump(join(rig.seed.folder, "product"), ["patch", "--push"]);
    expect(run.stdout).toContain('Pushed with the tag "product-v5.0.1"');
    expect(await rig.versionAt("main", "product/version.json")).toBe("5.0.1");
    expect(await rig.versionAt("main")).toBe("1.0.0");
  });
});

describe("--for", () => {
  test("a repeat is a no-op that gives the version it got, also after other bumps", async () => {
    const commit = await rig.bare.git("rev-parse", "main");
    const first = await bump(rig.seed, ["patch", "--push", "--for", commit]);
    expect(first.stdout).toMatch(/^1\.0\.1\nPushed/);
    expect(
      await rig.bare.git("log", "-1", "--format=%(trailers:key=Tideline-Bump-For)", "main"),
    ).toBe(`Tideline-Bump-For: ${commit}`);
    await bump(rig.seed, ["minor", "--push"]);
    const tip = await rig.bare.git("rev-parse", "main");
    const again = await bump(rig.seed, ["patch", "--push", "--for", commit]);
    expect(again.stdout).toBe(
      `1.0.1\nBumped before for ${commit.slice(0, 12)}: "v1.0.1" of "origin"\n`,
    );
    expect(await rig.bare.git("rev-parse", "main")).toBe(tip);
  });

  test("a quoted trailer in another commit's message counts for nothing", async () => {
    const commit = await rig.bare.git("rev-parse", "main");
    await rig.advance(`docs: how it looks\n\n    Tideline-Bump-For: ${commit}`);
    await rig.advance(`docs: a trailer\n\nTideline-Bump-For: ${commit}`);
    const run = await bump(rig.seed, ["patch", "--push", "--for", commit]);
    expect(run.stdout).toMatch(/^1\.0\.1\nPushed/);
  });

  test.each([
    ["at the commit", async () => {}],
    [
      "when the branch has gone on",
      async () => {
        await rig.advance("feat: more");
        await rig.advance("feat: even more");
      },
    ],
  ])("a clone of depth 1 %s finds the bump, and stays shallow", async (_case, before) => {
    const commit = await rig.advance("feat: built");
    const clone = await rig.clone("--depth=1");
    await bump(rig.seed, ["patch", "--push", "--for", commit]);
    await before();
    const run = await bump(clone, ["patch", "--push", "--for", commit, "--json"]);
    expect(JSON.parse(run.stdout)).toMatchObject({ version: "1.0.1", isRepeat: true });
    expect(await clone.git("rev-parse", "--is-shallow-repository")).toBe("true");
    expect(await rig.tags()).toEqual(["v1.0.1"]);
  });

  test("a clone of depth 1 that begins after the bump asks for the commits, and not for files", async () => {
    const commit = await rig.advance("feat: built");
    await bump(rig.seed, ["patch", "--push", "--for", commit]);
    await rig.advance("feat: more");
    const clone = await rig.clone("--depth=1");
    const config = await clone.git("config", "--list", "--local");
    const run = await bump(clone, ["patch", "--push", "--for", commit, "--json"]);
    expect(JSON.parse(run.stdout)).toMatchObject({ version: "1.0.1", isRepeat: true });
    expect(await clone.git("config", "--list", "--local")).toBe(config);
    expect(await clone.git("rev-list", "--count", "HEAD")).toBe("1");
    const first = await rig.bare.git("rev-list", "--max-parents=0", "main");
    const other = await bump(clone, ["patch", "--push", "--for", first, "--json"]);
    expect(JSON.parse(other.stdout)).toMatchObject({ version: "1.0.2", isRepeat: false });
  });

  test("a commit of another branch that is not here is bumped for", async () => {
    const clone = await rig.clone("--depth=1");
    const commit = await rig.advance("feat: elsewhere");
    await rig.bare.git("branch", "other", commit);
    await rig.bare.git("update-ref", "refs/heads/main", `${commit}~1`);
    const run = await bump(clone, ["patch", "--push", "--for", commit, "--json"]);
    expect(JSON.parse(run.stdout)).toMatchObject({ version: "1.0.1", isRepeat: false });
  });

  test.each([
    ["a whole clone", []],
    ["a shallow clone", ["--depth=1"]],
  ])("40 digits of no commit bump nothing, from %s", async (_, options) => {
    await rig.advance("feat: more");
    const clone = await rig.clone(...options);
    const tip = await rig.bare.git("rev-parse", "main");
    const run = await bump(clone, ["patch", "--push", "--for", "ab".repeat(20)]);
    expect([run.code, run.stderr]).toEqual([
      2,
      `Cannot use --for: expected a commit of "origin", for example $GITHUB_SHA, got "${"ab".repeat(20)}"\n`,
    ]);
    expect(await rig.bare.git("rev-parse", "main")).toBe(tip);
    expect(await rig.tags()).toEqual([]);
  });

  test("what is no commit is said", async () => {
    const run = await bump(rig.seed, ["patch", "--push", "--for", "nothing"]);
    expect([run.code, run.stderr]).toEqual([
      2,
      'Cannot use --for: expected a commit, for example $GITHUB_SHA, got "nothing"\n',
    ]);
  });
});

describe("16 at once", () => {
  test("from 16 clones: 16 versions, 16 tags, all of them on the branch", async () => {
    const clones = await Promise.all(
      Array.from({ length: PARALLEL }, () => rig.clone("--depth=1")),
    );
    const runs = await Promise.all(
      clones.map((clone) => bump(clone, ["patch", "--push", "--json"])),
    );
    expect(runs.map(({ code }) => code)).toEqual(runs.map(() => 0));
    await expectDistinct(runs);
  }, 120_000);

  test("from one clone: 16 versions, 16 tags, all of them on the branch", async () => {
    await rig.seed.git("checkout", "--quiet", "--detach");
    const runs = await Promise.all(
      Array.from({ length: PARALLEL }, () => bump(rig.seed, ["patch", "--push", "--json"])),
    );
    expect(runs.map(({ code }) => code)).toEqual(runs.map(() => 0));
    await expectDistinct(runs);
  }, 120_000);

  test("for the same commit: one version, one tag, one commit", async () => {
    const commit = await rig.bare.git("rev-parse", "main");
    const clones = await Promise.all(
      Array.from({ length: PARALLEL }, () => rig.clone("--depth=1")),
    );
    const runs = await Promise.all(
      clones.map((clone) => bump(clone, ["patch", "--push", "--json", "--for", commit])),
    );
    const answers = runs.map(({ stdout }) => JSON.parse(stdout));
    expect(new Set(answers.map(({ version }) => version))).toEqual(new Set(["1.0.1"]));
    expect(answers.filter(({ isRepeat }) => !isRepeat)).toHaveLength(1);
    expect(await rig.tags()).toEqual(["v1.0.1"]);
    expect(await rig.bare.git("rev-list", "--count", "main")).toBe("2");
  }, 120_000);

  async function expectDistinct(runs: readonly CliRun[]): Promise<void> {
    const versions = Array.from({ length: PARALLEL }, (_, index) => `1.0.${index + 1}`);
    const answers = runs.map(({ stdout }) => JSON.parse(stdout).version as string);
    const order = (a: string, b: string) => a.localeCompare(b, "en", { numeric: true });
    expect(answers.sort(order)).toEqual(versions);
    expect(await rig.tags()).toEqual(versions.map((version) => `v${version}`));
    expect(await rig.orphans()).toEqual([]);
    expect(await rig.bare.git("rev-list", "--count", "main")).toBe(String(PARALLEL + 1));
    for (const version of versions) expect(await rig.versionAt(`v${version}`)).toBe(version);
    await rig.bare.git("fsck", "--strict");
  }
});

describe("what stands in the way", () => {
  const nothingPushed = async () => {
    expect(await rig.tags()).toEqual([]);
    expect(await rig.bare.git("rev-list", "--count", "main")).toBe("1");
  };

  test("a hook that refuses is not asked twice, and its words are said", async () => {
    await rig.hook(
      "pre-receive",
      `echo x >> ${rig.bare.folder}/asked; echo "GH006: Protected branch update failed" >&2; exit 1`,
    );
    const run = await bump(rig.seed, ["patch", "--push"]);
    expect(run.code).toBe(1);
    expect(run.stderr).toBe(
      'Cannot bump: "origin" did not take it: GH006: Protected branch update failed; [remote rejected] (pre-receive hook declined)\n',
    );
    expect(await readFile(join(rig.bare.folder, "asked"), "utf8")).toBe("x\n");
    await nothingPushed();
  });

  test("a hook that refuses the branch keeps the tag out as well", async () => {
    await rig.hook("update", 'case "$1" in refs/heads/*) echo "no" >&2; exit 1;; esac');
    const run = await bump(rig.seed, ["patch", "--push"]);
    expect(run.code).toBe(1);
    await nothingPushed();
  });

  test("a remote that is away is tried again, then given up", async () => {
    await rig.seed.git("remote", "set-url", "origin", "git://127.0.0.1:1/nothing");
    const run = await bump(rig.seed, ["patch", "--push"]);
    expect(run.code).toBe(1);
    expect(run.stderr).toMatch(/^Attempt 1 to bump failed: .*Connection refused/);
    expect(run.stderr).toMatch(/Cannot bump: .*Connection refused.*, 5 times in a row\n$/);
  }, 60_000);

  test("a remote that does not exist is not tried again", async () => {
    await rig.seed.git("remote", "set-url", "origin", `file://${rig.bare.folder}-nothing`);
    const run = await bump(rig.seed, ["patch", "--push"]);
    expect(run.code).toBe(1);
    expect(run.stderr).toMatch(/^Cannot bump: .*does not appear to be a git repository/);
    expect(run.stderr).not.toContain("Attempt");
  });

  test("a password in the address is not repeated", async () => {
    await rig.seed.git("remote", "set-url", "origin", "http://ada:secret@127.0.0.1:9/x.git");
    const run = await bump(rig.seed, ["patch", "--push"]);
    expect(run.code).toBe(1);
    expect(run.stderr).not.toContain("secret");
  }, 60_000);

  test.each<[string, () => Promise<unknown>, number, RegExp]>([
    [
      "no remote",
      () => rig.seed.git("remote", "remove", "origin"),
      2,
      /^Cannot bump: expected the git remote "origin", got none at all\n$/,
    ],
    [
      "another remote",
      () => rig.seed.git("remote", "rename", "origin", "upstream"),
      2,
      /^Cannot bump: expected the git remote "origin", got "upstream"\n$/,
    ],
    [
      "no branch of that name",
      () => rig.bare.git("branch", "--move", "main", "trunk"),
      1,
      /^Cannot bump: "origin" has no branch "main"; "branch" in tideline.config.json names another\n$/,
    ],
    [
      "no version file on the branch",
      async () => {
        await rig.seed.git("rm", "--quiet", "assets/version.json");
        await rig.seed.commit("feat: none");
        await rig.seed.git("push", "--quiet");
      },
      2,
      /^Cannot bump: expected the version file "version.json" or "assets\/version.json" in "main" of "origin" \([0-9a-f]{12}\), found none/,
    ],
    [
      "a broken version file on the branch",
      () => rig.advance("feat: broken", { "assets/version.json": "{" }),
      2,
      /^Cannot use the version file "assets\/version.json": expected JSON, got something else in line 1\n$/,
    ],
    [
      "a link in its place",
      async () => {
        await rig.seed.git("rm", "--quiet", "assets/version.json");
        await rig.seed.write({ "assets/x": "" });
        await symlink("x", join(rig.seed.folder, "assets/version.json"));
        await rig.seed.commit("feat: link");
        await rig.seed.git("push", "--quiet");
      },
      2,
      /^Cannot bump: expected a file at "assets\/version.json" in "main" of "origin", got a link\n$/,
    ],
  ])("%s", async (_case, prepare, code, sentence) => {
    await prepare();
    const run = await bump(rig.seed, ["patch", "--push"]);
    expect(run.stderr).toMatch(sentence);
    expect(run.code).toBe(code);
    expect(await rig.tags()).toEqual([]);
  });

  test("no repository", async () => {
    const run = await bump(await temporaryFolder(), ["patch", "--push"]);
    expect(run.code).toBe(2);
    expect(run.stderr).toMatch(/^Cannot bump: not a git repository/);
  });

  test("no git", async () => {
    const run = await bump(rig.seed, ["patch", "--push"], { PATH: await temporaryFolder() });
    expect(run.code).toBe(2);
    expect(run.stderr).toMatch(/^Cannot bump: the command git was not found/);
  });

  test("nobody who commits is a sentence, and the bot inside GitHub Actions", async () => {
    const nobody = { HOME: await temporaryFolder() };
    const names = Object.keys(GIT_ENV).filter((name) => /_(NAME|EMAIL)$/.test(name));
    const { PATH = "" } = process.env;
    const env: Record<string, string> = { ...GIT_ENV, ...nobody, PATH };
    for (const name of names) delete env[name];
    const here = { cwd: rig.seed.folder };
    const run = await runCli(cli, ["bump", "patch", "--push"], { ...here, env });
    expect(run.code).toBe(2);
    expect(run.stderr).toMatch(/^Cannot bump: expected somebody who commits, set user.name/);
    await nothingPushed();
    const inCi = { ...env, GITHUB_ACTIONS: "true" };
    expect((await runCli(cli, ["bump", "patch", "--push"], { ...here, env: inCi })).code).toBe(0);
    expect(await rig.bare.git("log", "-1", "--format=%an <%ae> %cn", "main")).toBe(
      "github-actions[bot] <41898282+github-actions[bot]@users.noreply.github.com> github-actions[bot]",
    );
  });

  test("a branch that moves between the look and the push is followed", async () => {
    // The first push finds that somebody else was there; the hook takes itself away.
    const other = await rig.clone();
    await other.commit("feat: faster", { "web/faster.ts": "1\n" });
    await rig.hook(
      "pre-receive",
      `rm "$0"; unset GIT_QUARANTINE_PATH GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES GIT_DIR; git -C ${other.folder} push --quiet origin main`,
    );
    const run = await bump(rig.seed, ["patch", "--push"]);
    expect(run.stderr).not.toContain("Cannot");
    expect(run.code).toBe(0);
    expect(await rig.bare.git("show", "v1.0.1:web/faster.ts")).toBe("1");
    expect(await rig.orphans()).toEqual([]);
  });

  test("a push whose answer is lost is found again, not repeated", async () => {
    // The remote has taken the push, and dies before it says so.
    await rig.hook("post-receive", "mkdir once 2>/dev/null && kill -9 $PPID; exit 0");
    const run = await bump(rig.seed, ["patch", "--push", "--json"]);
    expect(run.stderr).toContain("Attempt 1 to bump failed");
    expect(JSON.parse(run.stdout)).toMatchObject({ version: "1.0.1" });
    expect(await rig.tags()).toEqual(["v1.0.1"]);
    expect(await rig.bare.git("rev-list", "--count", "main")).toBe("2");
  });
});

describe("stopped in between", () => {
  /** A git that does something to the program that called it, at its n-th call. */
  async function gitThat(action: string): Promise<{ readonly PATH: string }> {
    const folder = await temporaryFolder();
    const real = (await rig.bare.git("--exec-path")).concat("/git");
    await writeFile(
      join(folder, "git"),
      `#!/bin/sh\nn=1; while ! mkdir ${folder}/call-$n 2>/dev/null; do n=$((n+1)); done\nreal=${real}\n${action}\nexec $real "$@"\n`,
    );
    await chmod(join(folder, "git"), 0o755);
    return { PATH: `${folder}:${process.env.PATH}` };
  }

  test("kill -9 before or after any call of git leaves no tag without its branch", async () => {
    let stopped = 0;
    let arrived = 0;
    for (const when of ["before", "after"]) {
      for (let call = 1; ; call += 1) {
        const kill =
          when === "before"
            ? `[ "$n" = ${call} ] && { kill -9 $PPID; exit 1; }`
            : `[ "$n" = ${call} ] && { $real "$@"; kill -9 $PPID; exit 1; }`;
        const run = await bump(rig.seed, ["patch", "--push"], await gitThat(kill));
        expect(await rig.orphans()).toEqual([]);
        const tags = await rig.tags();
        const tip = await rig.versionAt("main");
        expect(tags.at(-1)).toBe(tip === "1.0.0" ? undefined : `v${tip}`);
        if (tags.length > arrived) arrived = tags.length;
        if (run.code !== null) break;
        stopped += 1;
      }
    }
    expect(stopped).toBeGreaterThanOrEqual(20);
    await rig.bare.git("fsck", "--strict");
    // And whoever comes next goes on as if nothing had been.
    expect((await bump(rig.seed, ["patch", "--push"])).code).toBe(0);
    expect(await rig.tags()).toHaveLength(arrived + 1);
  }, 240_000);

  test("the whole group of processes killed inside the push leaves nothing", async () => {
    await rig.hook("pre-receive", 'kill -9 "-$(cat pgid)"; exit 0');
    const clone = await rig.clone();
    const run = await runCli(
      { path: "-e", dispose: async () => {} },
      [
        `const{spawn}=require("child_process");const c=spawn(process.execPath,[${JSON.stringify(cli.path)},"bump","patch","--push"],{detached:true,stdio:"ignore"});require("fs").writeFileSync(${JSON.stringify(join(rig.bare.folder, "pgid"))},String(c.pid));c.on("exit",(code,signal)=>{console.log(signal)})`,
      ],
      { cwd: clone.folder, env: GIT_ENV },
    );
    expect(run.stdout).toBe("SIGKILL\n");
    expect(await rig.tags()).toEqual([]);
    expect(await rig.bare.git("rev-list", "--count", "main")).toBe("1");
  });

  test("Ctrl-C before the push says that nothing was pushed, inside it where to look", async () => {
    const early = await bump(
      rig.seed,
      ["patch", "--push"],
      await gitThat('[ "$1" = commit-tree ] && { kill -INT $PPID; sleep 60; }'),
    );
    expect([early.code, early.stderr]).toEqual([130, "Stopped: nothing was pushed\n"]);
    expect(await rig.tags()).toEqual([]);
    const late = await bump(
      rig.seed,
      ["patch", "--push"],
      await gitThat('[ "$1" = push ] && { kill -INT $PPID; exec sleep 60; }'),
    );
    expect(late.code).toBe(130);
    expect(late.stderr).toBe(
      'Stopped while "v1.0.1" was on its way: it arrived whole or not at all, git ls-remote origin "refs/tags/v1.0.1" says which\n',
    );
    expect(await rig.tags()).toEqual([]);
  });
});

test("the version that a rig begins with has the five documented keys", () => {
  expect(Object.keys(FIRST_VERSION)).toHaveLength(5);
});
