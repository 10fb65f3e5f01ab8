/** What `tideline record --probe` does once its record was taken, on a real ledger and a real address. */
import { withStampTag } from "@tideline/stamp";
import { DeployRig, page, RUN_SHA, type RunOptions, stampOf } from "@tideline/testing/deploy-rig";
import type { BuildStamp } from "@tideline/version";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { MAX_ROUNDS } from "./probe-options.js";

let rig: DeployRig;
beforeAll(async () => {
  rig = await DeployRig.open();
});
afterAll(async () => {
  await rig?.close();
});

let apps = 0;
let app: string;
beforeEach(() => {
  app = `app-${++apps}`;
});
afterEach(() => {
  rig.site.requests.length = 0;
  rig.site.answers.clear();
});

// One look that sees it, three that confirm it; the record comes before the fifth.
const AFTER_RECORD = 5;

/** Answers each look with the build that this gives for its number; null answers with status 503. */
const serve = (choose: (look: number) => BuildStamp | null | Promise<BuildStamp | null>) => {
  rig.site.answers.set("/", async (request, response) => {
    const stamp = await choose(rig.site.requests.length);
    if (stamp === null) page("away", 503)(request, response);
    else page(withStampTag("<head></head>", stamp))(request, response);
  });
};

/** Records a build as another deployer does. */
const recordOther = ({ version, buildId, gitCommit }: BuildStamp) =>
  rig.mutation("deployments:recordDeployment", {
    ...{ appName: app, environment: "staging", version, buildId, gitCommit },
    ...{ buildNumber: 1, buildTime: 1 },
  });

const record = async (
  stamp: BuildStamp,
  { seconds = 60, ...options }: RunOptions & { readonly seconds?: number } = {},
) => {
  await rig.writeStamp(stamp);
  const probe = ["--probe", rig.site.url, "--probe-interval", "0.01", "--timeout", `${seconds}`];
  return await rig.tideline(["record", "--file", "version.json", "--json", ...probe], options);
};
const builds = async () => (await rig.history(app)).map(({ buildId }) => buildId);

test("it looks once more, and one look is all where nothing changed", async () => {
  const b = stampOf("b", app);
  serve(() => b);
  expect(await record(b)).toMatchObject({ code: 0 });
  expect(rig.site.requests).toHaveLength(AFTER_RECORD);
});

test("the build from before that is put back before the record is taken is recorded after it", async () => {
  const [a, b] = [stampOf("a", app), stampOf("b", app)];
  await recordOther(a);
  // Its record moves no epoch, so that of b is not noticed to come too late.
  serve(async (look) => {
    if (look === AFTER_RECORD - 1) await recordOther(a);
    return look < AFTER_RECORD ? b : a;
  });
  const run = await record(b);
  expect(run.code).toBe(3);
  expect(run.log).toContain(
    `Recorded ${app} 1.0.1 (bbbbbbbbbbbb) at epoch 2, and something else may be served by now; looking again`,
  );
  expect(JSON.parse(run.output)).toMatchObject({
    ...{ ok: false, code: "OVERTAKEN", wantedEpoch: 2, buildId: "build-a", kind: "rollback" },
    message: `Cannot keep ${app} 1.0.1 (bbbbbbbbbbbb) in staging: it was recorded at epoch 2 and overtaken; recorded what is served instead, ${app} 1.0.0 (aaaaaaaaaaaa) in staging: rollback, build build-a, epoch 3`,
  });
  expect(await rig.live(app)).toMatchObject({ buildId: "build-a", epoch: 3 });
});

test("another deployer's build that is recorded already is left as it is", async () => {
  const [b, c] = [stampOf("b", app), stampOf("c", app)];
  serve(async (look) => {
    if (look === AFTER_RECORD) await recordOther(c);
    return look < AFTER_RECORD ? b : c;
  });
  const run = await record(b);
  expect(run.code).toBe(3);
  expect(JSON.parse(run.output)).toMatchObject({
    ...{ code: "OVERTAKEN", epoch: 2, wantedEpoch: 1 },
    message: `Cannot keep ${app} 1.0.1 (bbbbbbbbbbbb) in staging: it was recorded at epoch 1 and overtaken, 1.0.2 (cccccccccccc) is served and recorded at epoch 2`,
  });
  expect(await builds()).toEqual(["build-c", "build-b"]);
});

test("an address that was away for a moment is no other build", async () => {
  const b = stampOf("b", app);
  serve((look) => (look === AFTER_RECORD ? null : b));
  const run = await record(b);
  expect(run).toMatchObject({ code: 0 });
  expect(JSON.parse(run.output)).toMatchObject({ ok: true, epoch: 1, alreadyRecorded: false });
  expect(rig.site.requests).toHaveLength(AFTER_RECORD + 3);
  expect(await builds()).toEqual(["build-b"]);
});

test("an address that stays away after the record takes nothing back, and is told", async () => {
  const b = stampOf("b", app);
  serve((look) => (look < AFTER_RECORD ? b : null));
  const run = await record(b, { seconds: 2 });
  expect(run).toMatchObject({ code: 0 });
  expect(run.log.at(-1)).toMatch(/^Since it was recorded, http:\S+ answers with status 503 \(/);
  expect(await rig.live(app)).toMatchObject({ buildId: "build-b", epoch: 1 });
});

test("a build that comes back is recorded again, and that is no repetition", async () => {
  const [b, c] = [stampOf("b", app), stampOf("c", app)];
  // Four looks are a round.
  serve((look) => (Math.ceil(look / 4) === 2 ? c : b));
  const run = await record(b);
  expect(run).toMatchObject({ code: 0 });
  expect(JSON.parse(run.output)).toMatchObject({ ok: true, epoch: 3, alreadyRecorded: false });
  expect(await builds()).toEqual(["build-b", "build-c", "build-b"]);
});

test("what others recorded since the announcement does not make what is served a forbidden way back", async () => {
  const [b, c] = [stampOf("b", app), stampOf("c", app)];
  serve(async (look) => {
    if (look === AFTER_RECORD - 1) for (const other of [b, c]) await recordOther(other);
    return b;
  });
  expect(await record(b)).toMatchObject({ code: 0 });
  expect(await rig.live(app)).toMatchObject({ buildId: "build-b", epoch: 3, kind: "rollback" });
});

test(`whoever is overtaken ${MAX_ROUNDS} times leaves the rest to tideline reconcile`, async () => {
  const letterOf = (look: number) => String.fromCharCode(97 + Math.floor((look - 1) / 4));
  serve((look) => stampOf(letterOf(look), app));
  const run = await record(stampOf("a", app));
  expect(run.code).toBe(3);
  expect(rig.site.requests).toHaveLength(MAX_ROUNDS * 4 + 1);
  expect(run.log.at(-1)).toMatch(/ at epoch 20, .+; run "tideline reconcile"$/);
  expect(await rig.live(app)).toMatchObject({ buildId: "build-t", epoch: MAX_ROUNDS });
});

test("Ctrl-C while it looks once more says what is recorded", async () => {
  const b = stampOf("b", app);
  const controller = new AbortController();
  serve((look) => {
    if (look === AFTER_RECORD) controller.abort();
    return b;
  });
  const run = await record(b, { signal: controller.signal });
  expect(run.code).toBe(130);
  expect(run.log.at(-1)).toBe(
    `Stopped while looking once more at ${rig.site.url}: ${app} 1.0.1 (bbbbbbbbbbbb) is recorded at epoch 1`,
  );
  expect(await rig.live(app)).toMatchObject({ buildId: "build-b", epoch: 1 });
});

describe("with GitHub's identity", () => {
  const mine = () => stampOf("r", app, { gitCommit: RUN_SHA });
  const advice = 'What is recorded may not be what is served; run "tideline reconcile"';

  test("the epoch is known where only the route is, and no build is announced anew", async () => {
    const [a, r] = [stampOf("a", app), mine()];
    await recordOther(a);
    serve((look) => (look < AFTER_RECORD ? r : a));
    const run = await record(r, { env: rig.job({ CONVEX_URL: undefined }) });
    expect(run.code).toBe(3);
    expect(await rig.live(app, "build-r")).toMatchObject({
      ...{ buildId: "build-a", epoch: 3 },
      clientBuild: { state: "known" },
    });
  });

  test("a build that the run may not vouch for is left to reconcile", async () => {
    const [r, c] = [mine(), stampOf("c", app)];
    serve((look) => (look < AFTER_RECORD ? r : c));
    const run = await record(r, { env: rig.job() });
    expect(run.code).toBe(3);
    expect(JSON.parse(run.output)).toMatchObject({ ok: false, code: "NOT_TRUSTED" });
    expect(run.log).toContain(advice);
    expect(await rig.live(app)).toMatchObject({ buildId: "build-r", epoch: 1 });
  });

  test("a build that comes back is recorded again, under the key that the run has used", async () => {
    const [a, r] = [stampOf("a", app), mine()];
    await recordOther(a);
    serve((look) => (Math.ceil(look / 4) === 2 ? a : r));
    const run = await record(r, { env: rig.job() });
    expect(run).toMatchObject({ code: 0 });
    expect(JSON.parse(run.output)).toMatchObject({ ok: true, epoch: 4, alreadyRecorded: false });
    expect(await builds()).toEqual(["build-r", "build-a", "build-r", "build-a"]);
  });
});
