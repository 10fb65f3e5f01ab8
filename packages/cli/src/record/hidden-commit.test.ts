/** What `tideline record` tells of a build whose stamp hides its commit, all of it. */
import { createStamp } from "@tideline/stamp";
import { DeployRig, json, RUN_SHA, Site, TOKEN } from "@tideline/testing/deploy-rig";
import { GIT_ENV, GitRig } from "@tideline/testing/git-rig";
import type { BuildId } from "@tideline/version";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";

let rig: DeployRig;
let git: GitRig;
beforeAll(async () => {
  [rig, git] = await Promise.all([DeployRig.open(), GitRig.create()]);
  await git.commit("feat: one", { "package.json": '{"name":"web"}' });
});
afterAll(async () => {
  await rig?.close();
  await git?.dispose();
});

const HMAC = { TIDELINE_VERSION_FORM: "hmac", TIDELINE_VERSION_SECRET: "correct horse battery" };
const DATE_COUNT = { TIDELINE_VERSION_FORM: "date-count" };
const RUN = {
  ...{ CI: "true", GITHUB_ACTIONS: "true", GITHUB_REPOSITORY: "acme/shop", GITHUB_SHA: RUN_SHA },
  ...{ GITHUB_RUN_NUMBER: "98765", GITHUB_RUN_ID: "31337", GITHUB_RUN_ATTEMPT: "1" },
  ...{ GITHUB_JOB: "record", GITHUB_REF_TYPE: "tag", GITHUB_REF_NAME: "v7.7.7-rc" },
} as const;
const TELLTALE = new RegExp(`${RUN_SHA.slice(0, 7)}|98765|31337|v7\\.7\\.7|secret-branch`);

let apps = 0;
let app: string;
beforeEach(() => {
  app = `hidden-${++apps}`;
});
afterEach(() => {
  rig.site.answers.clear();
  rig.site.requests.length = 0;
});

/** The stamp that a build of the run's commit gets in this form. */
const build = async (form: Readonly<Record<string, string>>, letter = "a") => {
  const inGit = form === DATE_COUNT ? {} : { GITHUB_SHA: RUN_SHA };
  const { stamp } = await createStamp({
    cwd: git.folder,
    env: { ...GIT_ENV, ...form, ...inGit, GITHUB_HEAD_REF: "secret-branch" },
    appName: app,
    environment: "staging",
  });
  const built = { ...stamp, buildId: `build-${letter}` as BuildId };
  await rig.writeStamp(built);
  return built;
};
const RECORD = ["record", "--file", "version.json", "--json"];
/** Everything that the ledger keeps and shows, to the holder of the record token. */
const told = async () =>
  JSON.stringify([
    await rig.live(app),
    await rig.query("deployments:listDeployments", {
      ...{ appName: app, environment: "staging", token: TOKEN },
      paginationOpts: { numItems: 100, cursor: null },
    }),
  ]);

test.each([
  ["hmac", HMAC, /^[0-9a-f]{12}$/],
  ["date-count", DATE_COUNT, /^unknown$/],
])(
  "%s: a run at a tag sends a stand-in for the commit, and neither run number nor tag",
  async (_, form, standIn) => {
    const stamp = await build(form);
    // The job that records need not know of the form.
    const run = await rig.tideline(RECORD, { env: RUN });
    expect(run).toMatchObject({ code: 0 });
    expect(await rig.live(app)).toMatchObject({
      ...{ version: stamp.version, gitTag: null, buildNumber: 0 },
      gitCommit: expect.stringMatching(standIn),
    });
    expect(`${await told()}${run.output}${run.log.join()}`).not.toMatch(TELLTALE);
  },
);

test("by the stand-in an old job that runs again is refused, without a word of its commit", async () => {
  await build(HMAC, "a");
  await rig.tideline(RECORD, { env: RUN });
  await build({ ...HMAC, TIDELINE_VERSION_SECRET: "another commit's name" }, "b");
  await rig.tideline(RECORD, { env: RUN });
  await build(HMAC, "c");
  const run = await rig.tideline(RECORD, { env: { ...RUN, GITHUB_RUN_ATTEMPT: "2" } });
  expect(run.code).toBe(3);
  expect(JSON.parse(run.output)).toMatchObject({ code: "ROLLBACK_NOT_ALLOWED" });
  expect(`${await told()}${run.output}${run.log.join()}`).not.toMatch(TELLTALE);
});

test("--announce and --probe send no more", async () => {
  rig.site.publish(await build(HMAC));
  await rig.tideline([...RECORD, "--announce"], { env: RUN });
  const probe = ["--probe", rig.site.url, "--probe-interval", "0.01"];
  const run = await rig.tideline([...RECORD, ...probe], { env: RUN });
  expect(run).toMatchObject({ code: 0 });
  expect(`${await told()}${run.output}${run.log.join()}`).not.toMatch(TELLTALE);
});

test("a build number that is named for it is sent", async () => {
  await build(HMAC);
  await rig.tideline(RECORD, { env: { ...RUN, TIDELINE_BUILD_NUMBER: "12" } });
  expect(await rig.live(app)).toMatchObject({ buildNumber: 12 });
});

test("GitHub's identity, which vouches for no stand-in, is refused before anything is sent", async () => {
  await build(HMAC);
  const run = await rig.tideline(RECORD, { env: rig.job() });
  expect(run.code).toBe(3);
  expect(JSON.parse(run.output).message).toBe(
    `Cannot record ${app} with GitHub's identity: expected a build that may tell its commit, got one that hides it; set TIDELINE_RECORD_TOKEN, or set TIDELINE_PRIVATE_COMMITS=1 for the ledger and here, so that it is told and shows it to nobody`,
  );
  expect(rig.tokens.requests).toEqual([]);
});

test("a ledger that keeps commits to itself is told the commit, and still no run number", async () => {
  const keeper = await DeployRig.open({ TIDELINE_PRIVATE_COMMITS: "1" });
  try {
    await keeper.writeStamp(await build(HMAC));
    const env = keeper.job({ TIDELINE_PRIVATE_COMMITS: "1", GITHUB_RUN_NUMBER: "98765" });
    expect(await keeper.tideline(RECORD, { env })).toMatchObject({ code: 0 });
    const rows = JSON.stringify([await keeper.live(app), await keeper.history(app)]);
    expect(rows).toContain('"gitCommit":"unknown"');
    expect(rows).not.toMatch(TELLTALE);
  } finally {
    await keeper.close();
  }
});

test("at a tag, a ledger that keeps commits to itself takes the run's record without the tag", async () => {
  const keeper = await DeployRig.open({ TIDELINE_PRIVATE_COMMITS: "1" });
  try {
    await keeper.writeStamp(await build(HMAC));
    const atTag = { claims: { ref: "refs/tags/v7.7.7-rc", ref_type: "tag" } };
    keeper.nextTokens = Array(2).fill(atTag);
    const tag = { GITHUB_REF_TYPE: "tag", GITHUB_REF_NAME: "v7.7.7-rc" };
    const env = keeper.job({ TIDELINE_PRIVATE_COMMITS: "1", ...tag });
    keeper.site.publish(await build(HMAC));
    const probe = ["--probe", keeper.site.url, "--probe-interval", "0.01"];
    expect(await keeper.tideline([...RECORD, ...probe], { env })).toMatchObject({ code: 0 });
    expect(keeper.nextTokens).toEqual([]);
    const rows = JSON.stringify([await keeper.live(app), await keeper.history(app)]);
    expect(rows).toContain('"gitTag":null');
    expect(rows).not.toMatch(TELLTALE);
  } finally {
    await keeper.close();
  }
});

test("no GitHub Deployment is made of it", async () => {
  const github = await Site.start();
  try {
    github.answers.set("*", json({ id: 1 }, 201));
    await build(HMAC);
    const env = { ...RUN, GITHUB_API_URL: github.url, GITHUB_TOKEN: "t" };
    const run = await rig.tideline([...RECORD, "--github-deployment"], { env });
    expect(run.code).toBe(0);
    expect(run.log.at(-1)).toContain("expected a build that tells its commit");
    expect(github.requests).toEqual([]);
  } finally {
    await github.close();
  }
});

test.each([
  [{ ...RUN, SPOT_VERSION: RUN_SHA }, "does not name it in SPOT_VERSION"],
  [{ SPOT_VERSION: "0123456789ab-dirty" }, "cannot be one in SPOT_VERSION"],
])("a version that may name the commit is refused (%#)", async (env, said) => {
  await build(HMAC);
  const run = await rig.tideline(RECORD, { env });
  expect(run.code).toBe(2);
  expect(run.output).toContain(said);
  expect(await rig.live(app)).toBeNull();
});

test("SPOT_VERSION names the version, after TIDELINE_VERSION and VERSION, and no stand-in does", async () => {
  const versionWith = async (env: Readonly<Record<string, string>>) => {
    await build({});
    await rig.tideline(RECORD, { env });
    return (await rig.live(app))?.version;
  };
  const stamped = (await build({})).version;
  expect(await versionWith({ SPOT_VERSION: "v1.2.3" })).toBe("v1.2.3");
  expect(await versionWith({ SPOT_VERSION: "v1.2.3", VERSION: "2.0.0" })).toBe("2.0.0");
  expect(await versionWith({ SPOT_VERSION: "unknown" })).toBe(stamped);
});
