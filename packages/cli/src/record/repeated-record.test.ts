/** One attempt of a job that records a build a second time, after somebody has gone back. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { DeployRig, json, RUN_SHA, stampOf, TOKEN } from "@tideline/testing/deploy-rig";
import { GIT_ENV, GitRig } from "@tideline/testing/git-rig";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { sendRecord } from "./send-deployment.js";

let rig: DeployRig;
beforeAll(async () => {
  rig = await DeployRig.open();
});
afterAll(async () => {
  await rig?.close();
});

const HERE = ["--environment", "staging"];
const STEP = ["record", "--file", "version.json", "--json"];
let apps = 0;
let app: string;
let probe: string[];
beforeEach(() => {
  app = `again-${++apps}`;
  probe = ["--probe", rig.site.url, "--probe-interval", "0.01"];
});
afterEach(() => {
  rig.site.answers.clear();
  rig.nextTokens = [];
});

/** The builds r, then b, of one commit; r is served and r's job has recorded it. */
const r = () => stampOf("r", app, { gitCommit: RUN_SHA });
const JOBS = [
  ["a record token", () => rig.job({ TIDELINE_RECORD_TOKEN: TOKEN })],
  ["GitHub's identity", () => rig.job()],
] as const;

/** Somebody goes back from r to b, which is the same commit built before; epoch 3. */
const recordAndGoBack = async (env: Record<string, string | undefined>) => {
  const b = { ...stampOf("b", app), gitCommit: RUN_SHA };
  await rig.writeStamp(b);
  await rig.tideline(STEP);
  await rig.writeStamp(r());
  rig.site.publish(r());
  expect(JSON.parse((await rig.tideline([...STEP, ...probe], { env })).output)).toMatchObject({
    ok: true,
    epoch: 2,
  });
  await rig.tideline(["rollback", app, ...HERE, "--switched", "--to", "build-b", "--no-hold"]);
  expect(await rig.live(app)).toMatchObject({ buildId: "build-b", epoch: 3 });
};

describe.each(JOBS)("with %s", (_, job) => {
  test("a step that runs again records what it sees, and not that it did so before", async () => {
    const env = job();
    await recordAndGoBack(env);
    const run = await rig.tideline([...STEP, ...probe], { env });
    expect(run).toMatchObject({ code: 0 });
    expect(JSON.parse(run.output)).toMatchObject({ epoch: 4, alreadyRecorded: false });
    expect(await rig.live(app)).toMatchObject({ buildId: "build-r", epoch: 4 });
  });

  test("a step that runs again where nothing happened in between leaves no second row", async () => {
    const env = job();
    await rig.writeStamp(r());
    rig.site.publish(r());
    await rig.tideline([...STEP, ...probe], { env });
    const run = await rig.tideline([...STEP, ...probe], { env });
    expect(JSON.parse(run.output)).toMatchObject({ ok: true, epoch: 1, alreadyRecorded: true });
    expect(await rig.history(app)).toHaveLength(1);
  });

  test("reconcile in the same attempt records it too, and says who holds the target", async () => {
    const env = job();
    await recordAndGoBack(env);
    await rig.tideline(["hold", app, ...HERE, "--reason", "Migration"]);
    const args = ["reconcile", app, ...HERE, ...probe, "--json"];
    const held = await rig.tideline(args, { env });
    expect(held.code).toBe(3);
    expect(JSON.parse(held.output)).toMatchObject({ ok: false, code: "TARGET_HELD" });
    await rig.tideline(["release-hold", app, ...HERE]);
    expect(await rig.tideline(args, { env })).toMatchObject({ code: 0 });
    expect(await rig.live(app)).toMatchObject({ buildId: "build-r", epoch: 4 });
  });
});

test("a step that runs again after another commit went live needs --allow-rollback", async () => {
  const env = rig.job({ TIDELINE_RECORD_TOKEN: TOKEN });
  await rig.writeStamp(r());
  rig.site.publish(r());
  await rig.tideline([...STEP, ...probe], { env });
  await rig.writeStamp(stampOf("c", app));
  await rig.tideline(STEP);
  await rig.writeStamp(r());
  const refused = await rig.tideline([...STEP, ...probe], { env });
  expect(refused.code).toBe(3);
  expect(JSON.parse(refused.output)).toMatchObject({ ok: false, code: "ROLLBACK_NOT_ALLOWED" });
  const allowed = await rig.tideline([...STEP, ...probe, "--allow-rollback"], { env });
  expect(allowed.code).toBe(0);
  expect(await rig.live(app)).toMatchObject({ buildId: "build-r", kind: "rollback", epoch: 3 });
});

describe.each([
  ["without a repository", false],
  ["in a tree with changes", true],
])("a label, which gets its time from the clock %s,", (_, isRepository) => {
  beforeEach(async () => {
    if (!isRepository) return;
    const git = new GitRig(rig.folder);
    await git.git("init", "--quiet");
    await git.git("commit", "--quiet", "--allow-empty", "--message", "feat: one");
    await git.write({ "changed.txt": "no commit holds this" });
  });
  afterEach(async () => {
    await rm(join(rig.folder, ".git"), { recursive: true, force: true });
  });

  test.each([
    ...JOBS.map(([name, job]) => [`twice in one attempt with ${name}`, job, []] as const),
    ["twice with one key", () => ({}), ["--idempotency-key", "one"]] as const,
  ])("is recorded once when it comes %s", async (_, job, key) => {
    const args = ["record", "--label", "4.20.5", "--app", app, ...HERE, ...key, "--json"];
    const env = { ...GIT_ENV, ...job() };
    const started = Date.now();
    const first = await rig.tideline(args, { env });
    const again = await rig.tideline(args, { env });
    expect([first.code, again.code]).toEqual([0, 0]);
    expect(JSON.parse(again.output)).toEqual({
      ...JSON.parse(first.output),
      alreadyRecorded: true,
    });
    const rows = await rig.history(app);
    expect(rows).toHaveLength(1);
    expect(rows[0]?.buildTime).toBeGreaterThanOrEqual(started);
  });
});

test("a ledger that repeats an old answer to a new look is not believed", async () => {
  const old = { ok: true, kind: "deploy", buildId: "build-r", epoch: 2, alreadyRecorded: true };
  const ledger = { identity: "github", functionsUrl: null } as const;
  const calls = { ask: async () => old, call: () => expect.fail("nothing else is asked") };
  const { commitTime, ...stamp } = r();
  const record = { ...stamp, environment: "staging", gitCommit: RUN_SHA };
  const send = (asOfEpoch: number) =>
    sendRecord({ ...ledger, ...calls }, { ...record, asOfEpoch }, { timeoutMs: 1, log: () => {} });
  expect(await send(2)).toEqual(old);
  await expect(send(3)).rejects.toMatchObject({
    kind: "refused",
    message: `Cannot record ${app} in staging: expected a record as of epoch 3, got the answer to the one of epoch 2 once more; deploy your convex folder with a newer @tideline/ledger`,
  });
});

test.each([
  ["a record token", {}, /^To repeat it safely, add --idempotency-key \S+$/],
  [
    "GitHub's identity",
    { TIDELINE_RECORD_TOKEN: undefined },
    /^To repeat it safely, run it again in the same attempt of this run$/,
  ],
])("where no answer came, %s is told how to repeat it", async (_, extra, said) => {
  await rig.writeStamp(r());
  rig.site.answers.set("*", json({}, 503));
  const away = { CONVEX_URL: rig.site.url, CONVEX_SITE_URL: rig.site.url };
  const env = rig.job({ TIDELINE_RECORD_TOKEN: TOKEN, ...away, ...extra });
  const run = await rig.tideline([...STEP, "--timeout", "0.3"], { env });
  expect(run.code).toBe(1);
  expect(run.log.at(-2)).toMatch(said);
});

describe("what an attempt has recorded, recorded as something else", () => {
  const recordTwice = async (env: Record<string, string | undefined>) => {
    await rig.writeStamp(r());
    await rig.tideline([...STEP, "--idempotency-key", "one"], { env });
    const args = [...STEP, "--idempotency-key", "one", "--severity", "critical"];
    return JSON.parse((await rig.tideline(args, { env })).output);
  };

  test("takes another key", async () => {
    expect(await recordTwice({})).toMatchObject({
      code: "IDEMPOTENCY_KEY_REUSED",
      message:
        'Cannot record deployment: expected a new --idempotency-key for "1.0.17" with severity "critical", got the one of "1.0.17" with severity "normal"',
    });
  });

  test("takes another attempt, where GitHub's identity names the key", async () => {
    const { code, message } = await recordTwice(rig.job());
    expect(code).toBe("IDEMPOTENCY_KEY_REUSED");
    expect(message).toBe(
      'Cannot record deployment: expected what this attempt of the run has recorded of build "build-r" before, severity "normal", got severity "critical"; a new attempt may record it anew',
    );
    expect(message).not.toContain("key");
  });
});
