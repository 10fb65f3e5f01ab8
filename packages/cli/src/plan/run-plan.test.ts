/** `tideline plan` in real repositories, against this repository's ledger in the embedded server. */
import { once } from "node:events";
import { readFile, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { GIT_ENV, GitRig } from "@tideline/testing/git-rig";
import { LEDGER_TOKEN, LedgerRig } from "@tideline/testing/ledger-rig";
import { ConvexHttpClient } from "convex/browser";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { run } from "../run.js";
import type { Plan } from "./plan.js";

const DIGESTS = [1, 2, 3, 4].map((n) => `sha256:${String(n).repeat(64)}`);
const CONFIG = {
  versionFile: "assets/version.json",
  registry: "ghcr.io/acme",
  shared: { base: ["packages"] },
  services: {
    web: { paths: ["apps/web/**"], dependsOn: ["base"], publicVariables: ["VITE_URL"] },
    api: { paths: ["services/api/**"], dependsOn: ["base"], image: "api" },
    jobs: { paths: ["jobs"], dependsOn: ["api"] },
  },
  environments: { staging: {}, production: {} },
};
const FILES = {
  "tideline.config.json": JSON.stringify(CONFIG),
  "assets/version.json": '{"version":"1.0.0"}\n',
  "package-lock.json": "{}",
  "packages/base.ts": "1",
  "apps/web/index.html": "1",
  "services/api/main.ts": "1",
  "jobs/job.ts": "1",
};

let ledger: LedgerRig;
beforeAll(async () => {
  ledger = await LedgerRig.create();
});
afterAll(async () => {
  await ledger?.dispose();
});

let rigs: GitRig[];
/** A service's name in the ledger, of its own for each test. */
let suffix = 0;
beforeEach(() => {
  rigs = [];
  suffix += 1;
});
afterEach(async () => {
  for (const rig of rigs) await rig.dispose();
});
const kept = async (rig: Promise<GitRig>) => {
  const made = await rig;
  rigs.push(made);
  return made;
};

/** The configuration, with names of this test's own. */
const ownConfig = () =>
  JSON.stringify({
    ...CONFIG,
    services: Object.fromEntries(
      Object.entries(CONFIG.services).map(([name, service]) => [
        name,
        { ...service, appName: `${name}-${suffix}` },
      ]),
    ),
  });
const repository = async () => {
  const git = await kept(GitRig.create());
  await git.commit("One", { ...FILES, "tideline.config.json": ownConfig() });
  return git;
};

/** Runs `tideline plan` and gives what it wrote. */
const plan = (cwd: string, args: readonly string[] = [], env: object = {}) =>
  tideline(cwd, ["plan", ...args], env);
const tideline = async (cwd: string, args: readonly string[], env: object = {}) => {
  const out: string[] = [];
  const log: string[] = [];
  const terminal = {
    cwd,
    env: {
      PATH: process.env.PATH,
      CONVEX_URL: ledger.url,
      TIDELINE_ENVIRONMENT: "staging",
      ...GIT_ENV,
      ...env,
    },
    print: (line: string) => void out.push(line),
    log: (line: string) => void log.push(line),
    signal: new AbortController().signal,
  };
  const code = await run(args, terminal);
  return { code, out: out.join("\n"), log: log.join("\n") };
};
const planJson = async (
  cwd: string,
  env: object = {},
  args: readonly string[] = [],
): Promise<Plan> => {
  const { code, out, log } = await plan(cwd, ["--json", ...args], env);
  expect([code, log]).toEqual([0, ""]);
  return JSON.parse(out);
};
const actions = ({ entries }: Plan) =>
  Object.fromEntries(entries.map(({ service, action }) => [service, action]));

/** Records what a plan's services would be deployed as. */
const deploy = async (
  { environment, version, entries, commit }: Plan,
  services: readonly string[],
  digest?: string,
) => {
  const client = new ConvexHttpClient(ledger.url, {
    skipConvexDeploymentUrlCheck: true,
    logger: false,
  });
  for (const entry of entries) {
    if (!services.includes(entry.service)) continue;
    const answer: unknown = await client.mutation(
      "deployments:recordDeployment" as never,
      {
        ...{ appName: entry.appName, environment, version: entry.next ?? version },
        ...{
          gitCommit: commit,
          buildNumber: 1,
          buildTime: 1,
          buildId: entry.inputsId,
          token: LEDGER_TOKEN,
        },
        inputsId: entry.inputsId,
        ...(entry.image !== null && { imageDigest: entry.digest ?? digest }),
      } as never,
    );
    expect(answer).toMatchObject({ ok: true });
  }
};
const ALL = ["web", "api", "jobs"];

test("nothing recorded: everything is built; once recorded, nothing is", async () => {
  const { folder: root } = await repository();
  const first = await planJson(root);
  expect(first).toMatchObject({ environment: "staging", version: "1.0.0", bump: false });
  expect(actions(first)).toEqual({ web: "build", api: "build", jobs: "build" });
  await deploy(first, ALL, DIGESTS[0]);
  expect(actions(await planJson(root))).toEqual({ web: "skip", api: "skip", jobs: "skip" });
  expect(actions(await planJson(root, {}, ["--environment", "production"]))).toEqual({
    web: "restore",
    api: "restore",
    jobs: "restore",
  });
});

test("a change is seen by who depends on it, and a table names the paths", async () => {
  const git = await repository();
  await deploy(await planJson(git.folder), ALL, DIGESTS[0]);
  await git.commit("Api", { "services/api/main.ts": "2", "services/api/more.ts": "2" });
  expect(actions(await planJson(git.folder))).toEqual({ web: "skip", api: "build", jobs: "build" });
  const { out } = await plan(git.folder);
  expect(out).toMatch(
    /^Plan for staging: 1\.0\.1, from [0-9a-f]{12}\n\nservice +current +next +action +reason +tags\n/,
  );
  expect(out).toMatch(
    /api +1\.0\.0 +1\.0\.1 +build +its inputs differ from what is live: services\/api\/main\.ts, services\/api\/more\.ts +1\.0\.1-api sha-[0-9a-f]{12}-api latest-api/,
  );
  expect(out).toContain("1.0.1 is not in the version file yet: tideline bump patch --push");

  await git.commit("Base", { "packages/base.ts": "2" });
  expect(actions(await planJson(git.folder))).toEqual({
    web: "build",
    api: "build",
    jobs: "build",
  });
});

test("a clone of depth 1 gives the same bytes of plan and stamp as a whole one, from a folder below too", async () => {
  const git = await repository();
  await deploy(await planJson(git.folder), ALL, DIGESTS[0]);
  for (const n of [2, 3]) await git.commit(`${n}`, { "apps/web/index.html": `${n}` });
  await git.git("tag", "v1.0.0");
  const [whole, shallow] = [
    await kept(GitRig.clone(git)),
    await kept(GitRig.clone(git, "--depth=1")),
  ];
  const bytes = await plan(whole.folder, ["--json"]);
  expect(await plan(shallow.folder, ["--json"])).toEqual(bytes);
  expect(await plan(join(shallow.folder, "apps/web"), ["--json"])).toEqual(bytes);
  expect(actions(JSON.parse(bytes.out))).toEqual({ web: "build", api: "reuse", jobs: "skip" });
  const stamp = await tideline(whole.folder, ["stamp", "--app", "web", "--json"]);
  expect(JSON.parse(stamp.out)).toMatchObject({ gitTag: "v1.0.0", gitDirty: false });
  expect(await tideline(shallow.folder, ["stamp", "--app", "web", "--json"])).toEqual(stamp);
  // The table says more where more is known, and only there.
  expect((await plan(whole.folder)).out).toContain("differ from what is live: apps/web/index.html");
  expect((await plan(shallow.folder)).out).toMatch(/differ from what is live +-/);
});

test("the revert of the last commit restores what was live before it, by its digest", async () => {
  const git = await repository();
  await deploy(await planJson(git.folder), ALL, DIGESTS[0]);
  await git.commit("Break", { "services/api/main.ts": "broken" });
  const broken = await planJson(git.folder);
  await git.commit("Bump", { "assets/version.json": '{"version":"1.0.1"}\n' });
  await deploy(broken, ["api", "jobs"], DIGESTS[1]);
  await git.git("revert", "--no-edit", "HEAD~1");
  const reverted = await planJson(git.folder);
  expect(actions(reverted)).toEqual({ web: "skip", api: "restore", jobs: "restore" });
  expect(reverted.bump).toBe(false);
  expect(reverted.entries[1]).toMatchObject({
    current: "1.0.1",
    next: "1.0.0",
    digest: DIGESTS[0],
    reason: "its inputs were live before, as 1.0.0",
  });
  expect(reverted.entries[1]?.tags[0]).toBe("1.0.0-api");
});

test("the bump that a plan asks for changes no inputs", async () => {
  const git = await repository();
  await deploy(await planJson(git.folder), ALL, DIGESTS[0]);
  await git.commit("Web", { "apps/web/index.html": "2" });
  const before = await planJson(git.folder);
  expect(before).toMatchObject({ version: "1.0.1", bump: true });
  await git.commit("chore: version 1.0.1 [skip ci]", {
    "assets/version.json": '{"version":"1.0.1"}\n',
  });
  const after = await planJson(git.folder);
  expect(after).toMatchObject({ version: "1.0.1", bump: false });
  expect(after.entries.map(({ inputsId }) => inputsId)).toEqual(
    before.entries.map(({ inputsId }) => inputsId),
  );
  await deploy(after, ["web", "api"]);
  expect(actions(await planJson(git.folder))).toEqual({ web: "skip", api: "skip", jobs: "skip" });
});

test("variables and the salt make other inputs, and the table says that no file differs", async () => {
  const { folder: root } = await repository();
  await deploy(await planJson(root), ALL, DIGESTS[0]);
  const variable = { VITE_URL: "https://example.com" };
  expect(actions(await planJson(root, variable))).toEqual({
    web: "build",
    api: "reuse",
    jobs: "skip",
  });
  expect((await plan(root, [], variable)).out).toContain(
    "its inputs differ from what is live (no file: its variables, its globs or the salt are others)",
  );
  const salted = await planJson(root, {}, ["--salt", "again"]);
  expect(actions(salted)).toEqual({ web: "build", api: "build", jobs: "build" });
  expect(await planJson(root, { TIDELINE_SALT: "again" })).toEqual(salted);
});

test("changes that no commit holds are planned as themselves, and named as of no commit", async () => {
  const git = await repository();
  await deploy(await planJson(git.folder), ALL, DIGESTS[0]);
  await git.write({ "README.md": "not an input" });
  expect((await planJson(git.folder)).commit).toBe(await git.git("rev-parse", "HEAD"));
  await git.write({ "services/api/main.ts": "changed" });
  const changed = await planJson(git.folder);
  expect(changed.commit).toBeNull();
  expect(actions(changed)).toEqual({ web: "skip", api: "build", jobs: "build" });
  expect(changed.entries[1]?.tags).toEqual(["1.0.1-api", "latest-api"]);
  expect((await planJson(git.folder, { CI: "1" })).commit).toMatch(/^[0-9a-f]{40}$/);
});

test("a held target is shown", async () => {
  const { folder: root } = await repository();
  const first = await planJson(root);
  await deploy(first, ALL, DIGESTS[0]);
  const client = new ConvexHttpClient(ledger.url, {
    skipConvexDeploymentUrlCheck: true,
    logger: false,
  });
  const target = { appName: `web-${suffix}`, environment: "staging" };
  await client.mutation(
    "deployments:holdTarget" as never,
    { ...target, reason: "Orders\u001b[2J fail", token: LEDGER_TOKEN } as never,
  );
  expect((await planJson(root)).entries[0]?.hold).toBe("Orders\u001b[2J fail");
  expect((await plan(root)).out).toContain(
    "web is held in staging and takes no deployment: Orders\uFFFD[2J fail",
  );
});

test("a folder in no repository is planned as its files, of no commit", async () => {
  const git = await repository();
  const committed = await planJson(git.folder);
  await rm(join(git.folder, ".git"), { recursive: true });
  const { code, out, log } = await plan(git.folder, ["--json"]);
  expect([code, log]).toEqual([
    0,
    `"${git.folder}" is in no git repository: the plan is of the files in it, and of no commit`,
  ]);
  const { commit, entries, ...rest }: Plan = JSON.parse(out);
  expect(commit).toBeNull();
  expect(rest).toEqual({ environment: "staging", version: "1.0.0", bump: false });
  expect(entries.map(({ inputsId }) => inputsId)).toEqual(
    committed.entries.map(({ inputsId }) => inputsId),
  );
});

test("a glob that takes nothing is told", async () => {
  const git = await repository();
  await rm(join(git.folder, "jobs"), { recursive: true });
  const { code, log } = await plan(git.folder);
  expect([code, log]).toEqual([0, 'services.jobs.paths: "jobs" takes no file']);
});

describe("in a job of GitHub Actions", () => {
  test("outputs are lines that a matrix reads, whatever is in the plan", async () => {
    const { folder: root } = await repository();
    await deploy(await planJson(root), ["jobs"]);
    const output = join(ledger.folder, `output-${suffix}`);
    await writeFile(output, "earlier=1\n");
    await plan(root, ["--github-output"], { GITHUB_OUTPUT: output });
    const lines = (await readFile(output, "utf8")).split("\n");
    const values = Object.fromEntries(
      lines
        .slice(0, -1)
        .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
    );
    const expected = await planJson(root);
    expect(values).toEqual({
      earlier: "1",
      plan: JSON.stringify(expected),
      bump: "false",
      version: "1.0.0",
      commit: expected.commit,
      build: '["web","api"]',
      restore: "[]",
      reuse: "[]",
      skip: '["jobs"]',
    });
  });

  test("the summary is a table in which no file's name becomes markup", async () => {
    const git = await repository();
    await deploy(await planJson(git.folder), ALL, DIGESTS[0]);
    await git.commit("Names", { "apps/web/a|b`c`<img>\n.ts": "" });
    const summary = join(ledger.folder, `summary-${suffix}`);
    const { out } = await plan(git.folder, ["--json", "--summary"], {
      GITHUB_STEP_SUMMARY: summary,
    });
    expect(JSON.parse(out)).toMatchObject({ bump: true });
    const [title, , head, line, web, ...rest] = (await readFile(summary, "utf8")).split("\n");
    expect(title).toMatch(/^### Plan for staging: 1\.0\.1, from [0-9a-f]{12}$/);
    expect([head, line]).toEqual([
      "| service | current | next | action | reason | tags |",
      "| --- | --- | --- | --- | --- | --- |",
    ]);
    expect(web).toBe(
      "| web | 1.0.0 | 1.0.1 | build | its inputs differ from what is live: apps/web/a&#124;b&#96;c&#96;&#60;img&#62;\uFFFD.ts | - |",
    );
    expect(rest).toContain("1.0.1 is not in the version file yet: tideline bump patch --push");
  });

  test.each([
    ["--github-output", "GITHUB_OUTPUT"],
    ["--summary", "GITHUB_STEP_SUMMARY"],
  ])("%s without %s is a sentence", async (option, variable) => {
    const { folder: root } = await repository();
    expect(await plan(root, [option])).toEqual({
      code: 2,
      out: "",
      log: `Cannot use ${option}: expected a file's path in ${variable}, got none; GitHub Actions sets it`,
    });
  });
});

describe("what cannot be planned", () => {
  test("an unknown environment, or none, is a sentence", async () => {
    const { folder: root } = await repository();
    expect(await plan(root, ["--environment", "stagign"])).toMatchObject({
      code: 2,
      log: `Cannot plan: expected one of the environments of ${root}/tideline.config.json (staging, production), got "stagign"; did you mean "staging"?`,
    });
    expect(await plan(root, [], { TIDELINE_ENVIRONMENT: "" })).toMatchObject({
      code: 2,
      log: "Cannot plan: expected an environment (staging, production) in --environment or TIDELINE_ENVIRONMENT, got none",
    });
  });

  test("a ledger that is away is a failure, after the time it had", async () => {
    const { folder: root } = await repository();
    // A port that was free a moment ago.
    const closed = createServer().listen(0, "127.0.0.1");
    await once(closed, "listening");
    const away = `http://127.0.0.1:${(closed.address() as AddressInfo).port}`;
    closed.close();
    await once(closed, "close");
    const { code, log } = await plan(root, ["--timeout", "0.2"], {
      CONVEX_URL: away,
    });
    expect(code).toBe(1);
    expect(log).toContain(`Cannot plan staging: no answer from ${away} within 0.2 s`);
  });

  test("a version file that is none is a sentence", async () => {
    const git = await repository();
    await git.commit("Broken", { "assets/version.json": '{"version":"one"}' });
    expect(await plan(git.folder)).toMatchObject({
      code: 2,
      log: 'Cannot use the version file "assets/version.json": expected a semantic version such as "1.2.3" in "version", got "one"',
    });
  });

  test("a repository that git refuses is a sentence with what allows it", async () => {
    const { folder: root } = await repository();
    const { code, log } = await plan(root, [], { GIT_TEST_ASSUME_DIFFERENT_OWNER: "1" });
    expect(code).toBe(1);
    expect(log).toContain(`git config --global --add safe.directory "${root}" allows it`);
  });
});

describe("at a release's tag", () => {
  const production = (cwd: string, env: object = {}, args: readonly string[] = []) =>
    tideline(cwd, ["plan", "--environment", "production", "--json", ...args], env);
  /** 1.0.3 is tagged, and 1.0.4 is live in production. */
  const released = async () => {
    const git = await repository();
    await git.commit("1.0.3", { "assets/version.json": '{"version":"1.0.3"}' });
    await git.git("tag", "release/v1.0.3");
    await git.commit("1.0.4", {
      "assets/version.json": '{"version":"1.0.4"}',
      "services/api/main.ts": "2",
      "apps/web/index.html": "2",
    });
    await git.git("tag", "release/v1.0.4");
    const newest = JSON.parse((await production(git.folder)).out) as Plan;
    await deploy(newest, ALL, DIGESTS[0]);
    return git;
  };

  test("the version is the tag's and nothing is bumped, though a later one is live", async () => {
    const git = await released();
    await git.git("checkout", "--quiet", "release/v1.0.3");
    const { code, out } = await production(git.folder);
    expect(code).toBe(0);
    const { version, bump, entries } = JSON.parse(out) as Plan;
    expect({ version, bump }).toEqual({ version: "1.0.3", bump: false });
    expect(entries.map(({ action, next }) => `${action} ${next}`)).toEqual([
      "build 1.0.3",
      "build 1.0.3",
      "build 1.0.3",
    ]);
    const shallow = await kept(GitRig.clone(git, "--depth=1", "--branch=release/v1.0.3"));
    expect(await production(shallow.folder)).toEqual({ code, out, log: expect.any(String) });
  });

  test.each<[title: string, env: Record<string, string>, version: string, bump: boolean]>([
    ["CI's tag", github("tag", "release/v1.0.5"), "1.0.5", false],
    ["CI's tag of a version", github("tag", "v1.0.5"), "1.0.5", false],
    ["CI's tag of something else", github("tag", "nightly"), "1.0.5", true],
    ["CI's branch", github("branch", "main"), "1.0.5", true],
    ["TIDELINE_VERSION", { TIDELINE_VERSION: "1.1.0-rc.1" }, "1.1.0-rc.1", false],
    ["a branch", {}, "1.0.5", true],
  ])("the version is that of %s", async (_, env, version, bump) => {
    const git = await released();
    await git.commit("Web", { "apps/web/index.html": "3" });
    await git.git("tag", "release/v9.9.9", "HEAD~1");
    await git.git("tag", "release/v1.0.9");
    const { code, out } = await production(git.folder, env);
    expect([code, JSON.parse(out)]).toMatchObject([0, { version, bump }]);
  });

  test("a version that names something else is refused with 4, and nothing is written", async () => {
    const git = await released();
    await git.git("checkout", "--quiet", "release/v1.0.4");
    const output = join(ledger.folder, `output-${suffix}`);
    await writeFile(output, "");
    const variables = { VITE_URL: "https://example.com", GITHUB_OUTPUT: output };
    const { code, log } = await production(git.folder, variables, ["--github-output"]);
    expect(code).toBe(4);
    const from = (await git.git("rev-parse", "HEAD")).slice(0, 12);
    expect(log).toBe(
      `Cannot plan production as 1.0.4: expected a name that nothing else has, got the one of another build of web from ${from} in production; bump the version and release that`,
    );
    expect(await readFile(output, "utf8")).toBe("");
  });

  test("a TIDELINE_VERSION that is none is a sentence", async () => {
    const git = await released();
    expect(await plan(git.folder, [], { TIDELINE_VERSION: "a b" })).toMatchObject({
      code: 2,
      log: expect.stringContaining("Cannot use TIDELINE_VERSION as the version"),
    });
  });
});

/** What GitHub says of a run for a ref. */
function github(type: "tag" | "branch", name: string) {
  return { GITHUB_ACTIONS: "true", GITHUB_REF_TYPE: type, GITHUB_REF_NAME: name };
}

test("without a version file builds are called by their commit", async () => {
  const git = await repository();
  await git.git("rm", "--quiet", "assets/version.json");
  const commit = await git.commit("No version");
  const first = await planJson(git.folder);
  expect(first).toMatchObject({ version: commit.slice(0, 12), bump: false });
  await deploy(first, ALL, DIGESTS[0]);
  await git.commit("Web", { "apps/web/index.html": "2" });
  expect(actions(await planJson(git.folder))).toEqual({ web: "build", api: "skip", jobs: "skip" });
});
