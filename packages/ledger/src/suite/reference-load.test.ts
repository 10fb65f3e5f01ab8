/**
 * What a month costs in calls of the ledger: every call is counted, and a machine's clock is the
 * test's, so that a month takes a moment. The load: machines with four subsystems, eight releases
 * of them a month, presence at start and once a day.
 */

import {
  bucketOf,
  DEFAULT_ROLLOUT_POLICY,
  FLEET_FUNCTIONS,
  type FleetTarget,
  mayStart,
} from "@tideline/version/fleet";
import { makeFunctionReference } from "convex/server";
import { convexTest } from "convex-test";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import schema from "../../../../convex/schema.js";
import { FLEET_READ_TOKEN, FleetRig, type TestMachine } from "./fleet-rig.js";
import { VARIABLES } from "./ledger.suite.js";
import type { LedgerClient } from "./ledger-client.js";

const DAY = 24 * 60 * 60_000;
const DAYS = 30;
const MACHINES = 30;
const SUBSYSTEMS = 4;
const RELEASES = 8;
const MAX_CALLS = 100;

const MODULES = {
  "../../../../convex/fleet.ts": () => import("../../../../convex/fleet.js"),
  "../../../../convex/_generated/api.js": () => import("../../../../convex/_generated/api.js"),
};

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout"] });
  // The real two seconds of collecting and the real bake times; one canary alone, so that all of
  // the rings have machines, as those of a large fleet have.
  const { TIDELINE_FLEET_COUNT_MS, ...settings } = VARIABLES;
  const [canaries, ...rings] = DEFAULT_ROLLOUT_POLICY.rings;
  const policy = { ...DEFAULT_ROLLOUT_POLICY, rings: [{ ...canaries, atLeast: 1 }, ...rings] };
  const TIDELINE_ROLLOUT_POLICY = JSON.stringify(policy);
  Object.assign(process.env, { ...settings, TIDELINE_ROLLOUT_POLICY });
});
afterEach(() => {
  vi.useRealTimers();
  for (const name of Object.keys(VARIABLES)) delete process.env[name];
});

test("a machine's month is at most 100 calls, and the fleet's own are a few for each release", async () => {
  const t = convexTest(schema, MODULES);
  let scheduled = 0;
  const client: LedgerClient = {
    query: (path, args) => t.query(makeFunctionReference<"query">(path), args),
    mutation: (path, args) => t.mutation(makeFunctionReference<"mutation">(path), args),
    setVariable: async () => {},
    async advance(ms) {
      vi.advanceTimersByTime(ms);
      await t.finishInProgressScheduledFunctions();
    },
    isTimeFake: true,
    close: async () => {},
  };
  // One channel, and a rig for each subsystem in it.
  const first = new FleetRig(client);
  const rigs = [first, ...Array.from({ length: SUBSYSTEMS - 1 }, () => new FleetRig(client))];
  for (const rig of rigs) Object.defineProperty(rig, "channel", { value: first.channel });
  const machines = await first.enrolMany(MACHINES);
  const targets = async () =>
    (await client.query(FLEET_FUNCTIONS.watchTargets, {
      channel: first.channel,
      token: FLEET_READ_TOKEN,
    })) as FleetTarget[];
  const running = rigs.map(({ subsystem }) => ({
    subsystem,
    version: null,
    seq: null,
    sha256: null,
  }));
  const present = (machine: TestMachine) =>
    machine.call(FLEET_FUNCTIONS.reportPresence, {
      kind: "presence",
      syncVersion: "0.1.0",
      running,
    });
  let published = 0;
  for (let day = 0; day < DAYS; day++) {
    for (const machine of machines) await present(machine);
    await client.advance(DAY / 4);
    const isReleaseDay = published < RELEASES && day % 3 === 0;
    const rig = rigs[published % SUBSYSTEMS];
    if (isReleaseDay && rig !== undefined) {
      published += 1;
      const seq = Math.ceil(published / SUBSYSTEMS);
      await rig.publish(seq, { version: `1.0.${seq}` });
      const open = new Set<string>();
      for (let step = 0; step < 18; step++) {
        await client.advance(20 * 60_000);
        await client.advance(2_000);
        const rollout = (await targets()).find((row) => row.subsystem === rig.subsystem)?.rollout;
        for (const machine of machines) {
          const { machineId, enrolledAt } = machine;
          const bucket = await bucketOf(machineId, rig.subsystem, `1.0.${seq}`);
          const isOpen = rollout && mayStart(rollout, { machineId, enrolledAt, bucket });
          if (!isOpen || open.has(machineId)) continue;
          open.add(machine.machineId);
          const say = (state: Parameters<TestMachine["attempt"]>[1]) => ({
            ...machine.attempt(seq, state),
            subsystem: rig.subsystem,
          });
          for (const state of ["downloading", "soaking", "committed"] as const) {
            await machine.report(say(state));
          }
        }
      }
      expect(
        (await targets()).find((row) => row.subsystem === rig.subsystem)?.settled,
      ).toMatchObject({ seq });
    }
    await client.advance(DAY / 4);
    await client.advance(DAY / 4);
  }
  scheduled = await t.run(
    async (ctx) => (await ctx.db.system.query("_scheduled_functions").collect()).length,
  );

  expect(published).toBe(RELEASES);
  // Each change of a target is one answer of the query that all machines watch; and the first one.
  const changes = (await targets()).reduce((sum, { generation }) => sum + generation, 1);
  // In a large fleet no ring is empty, so that each release is heard of once for each and once more.
  const mostChanges = 1 + RELEASES * (DEFAULT_ROLLOUT_POLICY.rings.length + 1);
  expect(changes).toBeLessThanOrEqual(mostChanges);
  expect(changes).toBeGreaterThan(mostChanges - RELEASES);
  const most = Math.max(...machines.map(({ calls }) => calls)) + mostChanges;
  console.log(
    `${most} calls for a machine a month (at most ${MAX_CALLS}), ${scheduled} of the fleet's own`,
  );
  expect(most).toBeLessThanOrEqual(MAX_CALLS);
  // Nothing runs while nothing happens: a few for a day's presence, some more for each release.
  expect(scheduled).toBeLessThanOrEqual(DAYS * 4 + RELEASES * 40);
});
