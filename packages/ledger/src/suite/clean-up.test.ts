import { FLEET_FUNCTIONS, type UpstreamHint } from "@tideline/version/fleet";
import { makeFunctionReference } from "convex/server";
import { convexTest, type TestConvex } from "convex-test";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import crons from "../../../../convex/crons.js";
import schema from "../../../../convex/schema.js";
import { FLEET_READ_TOKEN, FLEET_TOKEN, FleetRig, type TestMachine } from "./fleet-rig.js";
import { VARIABLES } from "./ledger.suite.js";

const DAY = 24 * 60 * 60_000;
const MODULES = {
  "../../../../convex/fleet.ts": () => import("../../../../convex/fleet.js"),
  "../../../../convex/_generated/api.js": () => import("../../../../convex/_generated/api.js"),
};
const CLEAN_UP = makeFunctionReference<"mutation">("fleet:cleanUpFleet");
const RECEIVE = makeFunctionReference<"mutation">("fleet:receiveDelivery");

let t: TestConvex<typeof schema>;
let r: FleetRig;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout"] });
  Object.assign(process.env, VARIABLES);
  t = convexTest(schema, MODULES);
  r = new FleetRig({
    query: (path, args) => t.query(makeFunctionReference<"query">(path), args),
    mutation: (path, args) => t.mutation(makeFunctionReference<"mutation">(path), args),
    setVariable: async () => {},
    advance,
    isTimeFake: true,
    close: async () => {},
  });
});
afterEach(() => {
  vi.useRealTimers();
  for (const name of Object.keys(VARIABLES)) delete process.env[name];
});

async function advance(ms: number): Promise<void> {
  vi.advanceTimersByTime(ms);
  await t.finishInProgressScheduledFunctions();
}

/** As the cron job does it, and the rest of it. */
async function cleanUp(): Promise<void> {
  await t.mutation(CLEAN_UP, {});
  for (let step = 0; step < 5; step++) await advance(1);
}

const deliver = (guid: string) =>
  t.mutation(RECEIVE, { subsystem: r.subsystem, guid, event: "push", isNews: true });

async function hintOf(subsystem: string): Promise<number> {
  const args = { channel: "stable", token: FLEET_READ_TOKEN };
  const query = makeFunctionReference<"query">(FLEET_FUNCTIONS.watchHints);
  const hints = (await t.query(query, args)) as UpstreamHint[];
  return hints.find((hint) => hint.subsystem === subsystem)?.sequence ?? 0;
}

test("it runs once a day, by the app's crons", () => {
  expect(crons.crons).toEqual({
    "clean up the fleet": {
      ...{ name: "fleet:cleanUpFleet", args: [{}] },
      schedule: { type: "daily", hourUTC: 3, minuteUTC: 17 },
    },
  });
});

test("deliveries are kept for 30 days, however many there are", async () => {
  await t.run(async (ctx) => {
    for (let n = 0; n < 1_200; n++) {
      const row = { subsystem: "old", guid: `guid-${n}`, event: "push", receivedAt: 0 };
      await ctx.db.insert("deliveries", { ...row, hintedAt: null });
    }
  });
  await advance(29 * DAY);
  await deliver("young");
  await cleanUp();
  const count = () => t.run(async (ctx) => (await ctx.db.query("deliveries").collect()).length);
  expect(await count()).toBe(1_201);
  await advance(2 * DAY);
  await cleanUp();
  expect(await count()).toBe(1);
});

test("attempts are kept for 180 days after their last word", async () => {
  const machine = await r.enrol();
  await machine.report(machine.attempt(1, "downloading"));
  await advance(100 * DAY);
  await machine.report(machine.attempt(1, "committed"), machine.attempt(2, "downloading"));
  await advance(179 * DAY);
  await cleanUp();
  const count = () => t.run(async (ctx) => (await ctx.db.query("attempts").collect()).length);
  expect(await count()).toBe(2);
  await advance(2 * DAY);
  await cleanUp();
  expect(await count()).toBe(0);
});

test("row 4: once a day developer machines read every upstream, for what no webhook told", async () => {
  const word = { remote: "https://git.example/x", ref: "refs/heads/main", oid: "a".repeat(40) };
  await t.mutation(makeFunctionReference<"mutation">(FLEET_FUNCTIONS.reportUpstream), {
    ...{ token: FLEET_TOKEN, subsystem: "seldom", ...word, tag: null, isQuarantined: false },
  });
  await deliver("a");
  await cleanUp();
  expect([await hintOf(r.subsystem), await hintOf("seldom")]).toEqual([2, 1]);
});

test("a release that has expired halts, or is not waited for any more", async () => {
  const expiresAt = Date.now() + 10 * DAY;
  const machine = await r.enrol();
  await machine.present();
  await r.untilSeen([machine]);
  await r.publish(1, { expiresAt });
  await r.until((state) => expect(state?.rollout).toMatchObject({ ring: 0 }));
  await r.publish(2, { version: "2.0.0", updateClass: "major", expiresAt });
  await cleanUp();
  expect(await r.state()).toMatchObject({ rollout: { mode: "running" }, waiting: { seq: 2 } });
  await advance(10 * DAY);
  await cleanUp();
  const note = "The release has expired; publish it again";
  expect(await r.state()).toMatchObject({
    rollout: { seq: 1, mode: "halted", note },
    waiting: null,
  });
  expect(await r.decide(2, "approve")).toMatchObject({ ok: false, code: "NOT_POSSIBLE_NOW" });
});

test("a run that was lost is found again", async () => {
  const machine = await r.enrol();
  await machine.present();
  await r.untilSeen([machine]);
  await r.publish(1);
  await r.until((state) => expect(state?.rollout).toMatchObject({ ring: 0 }));
  await machine.report(machine.attempt(1, "committed"));
  // As after a fault: what was scheduled has not run.
  await t.run(async (ctx) => {
    const row = await ctx.db.query("wakeups").unique();
    if (row?.jobId) await ctx.scheduler.cancel(row.jobId);
  });
  await advance(DAY);
  expect((await r.state())?.settled).toBeNull();
  await cleanUp();
  await r.until((state) => expect(state?.settled).toMatchObject({ seq: 1 }));
});

test("who leaves is taken out of the numbers, however many rollouts other channels have", async () => {
  const elsewhere = new FleetRig(r.client);
  await elsewhere.publish(1);
  await elsewhere.change("halted");
  await t.run(async (ctx) => {
    const row = await ctx.db.query("rollouts").first();
    if (row === null) throw new Error("no rollout");
    const { _id, _creationTime, ...fields } = row;
    for (let n = 0; n < 200; n++) {
      await ctx.db.insert("rollouts", { ...fields, channel: `${row.channel}-${n}` });
    }
  });
  const [leaver, other] = [await r.enrol("leaver"), await r.enrol("other")];
  for (const machine of [leaver, other]) await machine.present();
  await r.untilSeen([leaver, other]);
  await r.publish(1);
  await r.until((state) => expect(state?.rollout).toMatchObject({ ring: 0 }));
  await leaver.report(leaver.attempt(1, "downloading"));
  await r.until((state) => expect(state?.rollout?.rings[0]).toMatchObject({ started: 1 }));
  await r.change("halted");
  await r.remove(leaver);
  expect((await r.state())?.rollout?.rings[0]).toMatchObject({ machines: 1, started: 0 });
});

/** Reports of one machine that says what nobody asked for. */
async function flood(machine: TestMachine, count: number): Promise<void> {
  for (let first = 0; first < count; first += 100) {
    const numbers = Array.from({ length: 100 }, (_, n) => first + n);
    const subsystem = "made-up";
    await machine.report(...numbers.map((n) => machine.attempt(n, "downloading", { subsystem })));
  }
}

const countReports = () => t.run(async (ctx) => (await ctx.db.query("reports").collect()).length);

test("a failure halts while more reports wait than one run counts", async () => {
  const machines = [await r.enrol("bad"), await r.enrol("busy")] as const;
  const [bad, busy] = machines;
  for (const machine of machines) await machine.present();
  await r.untilSeen(machines);
  await r.publish(1);
  await r.until((state) => expect(state?.rollout).toMatchObject({ ring: 0, mode: "running" }));
  await bad.report(bad.attempt(1, "rolled-back"));
  await flood(busy, 400);
  await advance(2_000);
  expect(await countReports()).toBeGreaterThan(0);
  expect((await r.state())?.rollout).toMatchObject({
    ...{ mode: "halted", ring: 0 },
    note: '1 failed and 0 vanished of 2 machines in "canaries", where 0 may',
  });
});

test("after faults a run soon counts as much as before them", async () => {
  const busy = await r.enrol();
  await flood(busy, 600);
  await t.run(async (ctx) => {
    const row = await ctx.db.query("wakeups").unique();
    if (row !== null) await ctx.db.patch(row._id, { faults: 3 });
  });
  await advance(2_000);
  for (let run = 0; run < 30; run++) await advance(1);
  expect(await countReports()).toBe(0);
});

test("a report at which every run fails is given up, and those behind it are counted", async () => {
  await r.publish(1);
  await r.until((state) => expect(state?.settled).toMatchObject({ seq: 1 }));
  const [bad, good] = [await r.enrol("bad"), await r.enrol("good")];
  // Two rows where there can be but one: whoever looks for it fails.
  await t.run(async (ctx) => {
    const row = await ctx.db.query("rollouts").first();
    if (row === null) throw new Error("no rollout");
    const { _id, _creationTime, ...fields } = row;
    for (let copy = 0; copy < 2; copy++) await ctx.db.insert("rollouts", { ...fields, seq: 77 });
  });
  const said: unknown[] = [];
  const error = vi.spyOn(console, "error").mockImplementation((line) => said.push(line));
  await bad.report(bad.attempt(77, "committed"));
  await good.report(good.attempt(1, "downloading"), good.attempt(1, "committed"));
  const seqs = async () => (await r.machines()).flatMap(({ subsystems }) => subsystems);
  for (let day = 0; day < 8; day++) {
    await advance(3_000);
    // As machines do once a day.
    await good.present(1);
  }
  await advance(3_000);
  await advance(3_000);
  error.mockRestore();
  expect(await seqs()).toMatchObject([{ seq: 1, attempt: { state: "committed" } }]);
  expect(said.map(String)).toContainEqual(expect.stringContaining("Cannot count a report"));
});
