import {
  bucketOf,
  FLEET_FUNCTIONS,
  type FleetMachine,
  type FleetRollout,
  type FleetTarget,
  mayStart,
  type ReportedState,
  ringOf,
} from "@tideline/version/fleet";
import { describe, expect, test, vi } from "vitest";
import { FleetRig, QUICK_POLICY, type TestMachine } from "./fleet-rig.js";
import type { LedgerClient } from "./ledger-client.js";
import { withVariable } from "./with-variable.js";

/** A machine with its place in one rollout, as the test itself computes it. */
interface Placed {
  readonly machine: TestMachine;
  readonly bucket: number;
  readonly ring: number;
}

/** How a release goes from ring to ring, and how it is stopped. */
export function rolloutsSuite(getClient: () => LedgerClient): void {
  const rig = () => new FleetRig(getClient());

  async function fleetOf(count: number): Promise<{ r: FleetRig; machines: TestMachine[] }> {
    const r = rig();
    const machines = await r.enrolMany(count);
    await inTurns(machines, (machine) => machine.present());
    await r.untilSeen(machines);
    return { r, machines };
  }

  /** Does something where who says nothing for long has vanished; `pass` makes it long, where time stands. */
  async function whereSilenceIsShort(act: (pass: () => Promise<void>) => Promise<void>) {
    const client = getClient();
    const isFake = client.isTimeFake === true;
    const outcomeWithinMs = isFake ? 30 * 60_000 : 1_500;
    const policy = JSON.stringify({ ...QUICK_POLICY, outcomeWithinMs });
    await withVariable(client, "TIDELINE_ROLLOUT_POLICY", policy, () =>
      act(async () => {
        if (isFake) await client.advance(outcomeWithinMs + 1_000);
      }),
    );
  }

  /** Where each machine belongs, found without the ledger. */
  async function place(r: FleetRig, machines: TestMachine[], version: string): Promise<Placed[]> {
    const buckets = await Promise.all(
      machines.map(async (machine) => ({
        machine,
        bucket: await bucketOf(machine.machineId, r.subsystem, version),
      })),
    );
    buckets.sort((a, b) => a.bucket - b.bucket);
    const canaries = Math.max(5, Math.floor(0.01 * machines.length));
    return buckets.map(({ machine, bucket }, index) => {
      const isCanary = index < canaries;
      return { machine, bucket, ring: ringOf(QUICK_POLICY, { bucket, isCanary, isLate: false }) };
    });
  }

  /** Those that the target lets begin, by the rule that machines use. */
  function allowed(target: FleetTarget | undefined, placed: readonly Placed[]): Placed[] {
    const rollout = target?.rollout;
    if (rollout === null || rollout === undefined) return [];
    return placed.filter(({ machine: { machineId, enrolledAt }, bucket }) =>
      mayStart(rollout, { machineId, enrolledAt, bucket }),
    );
  }

  /** Lets machines go through an update. */
  async function update(placed: readonly Placed[], seq: number, end: ReportedState): Promise<void> {
    await inTurns(placed, async ({ machine }) => {
      const underway = machine.attempt(seq, "downloading");
      await machine.report(underway, machine.attempt(seq, "soaking"), machine.attempt(seq, end));
    });
  }

  describe("a rollout", () => {
    test("a fleet of three is all canaries: the rings after them are empty and passed at once", async () => {
      const { r, machines } = await fleetOf(3);
      expect(await r.publish(1)).toMatchObject({ ok: true, mode: "running" });
      await r.until((state) => expect(state?.rollout).toMatchObject({ ring: 0 }));
      const target = await r.target();
      expect(target?.settled).toBeNull();
      expect(target?.rollout?.canaries.toSorted()).toEqual(
        machines.map(({ machineId }) => machineId).toSorted(),
      );
      await inTurns(machines, (machine) => machine.report(machine.attempt(1, "committed")));
      await r.until((state) => expect(state?.settled).toMatchObject({ seq: 1 }));
      expect((await r.target())?.rollout).toBeNull();
      expect(await r.story()).toEqual([
        ...["publish 1", "open-ring 1 canaries", "open-ring 1 10 %", "open-ring 1 50 %"],
        ...["open-ring 1 everybody", "complete 1"],
      ]);
    });

    test("who enrols later belongs to the last ring and shifts nobody's numbers", async () => {
      const { r, machines } = await fleetOf(6);
      await r.publish(1);
      await r.until((state) => expect(state?.rollout).toMatchObject({ ring: 0 }));
      const before = (await r.state())?.rollout?.rings.map((ring) => ring.machines);
      const late = await r.enrol("late");
      await late.present();
      await r.untilSeen([late]);
      const rollout = (await r.target())?.rollout;
      const { machineId, enrolledAt } = late;
      const bucket = await bucketOf(machineId, r.subsystem, "1.0.1");
      expect(rollout && mayStart(rollout, { machineId, enrolledAt, bucket })).toBe(false);
      await late.report(late.attempt(1, "committed"));
      await r.until((state) =>
        expect(state?.rollout?.rings.at(-1)).toMatchObject({ committed: 1 }),
      );
      expect((await r.state())?.rollout?.rings.map((ring) => ring.machines)).toEqual(before);
      expect(before?.reduce((sum: number, count) => sum + (count ?? 0), 0)).toBe(machines.length);
    });

    test("who moves in from another channel belongs to the last ring, however early it enrolled", async () => {
      const elsewhere = rig();
      const { r } = await fleetOf(6);
      const bucketIn = async ({ machineId }: TestMachine) =>
        await bucketOf(machineId, r.subsystem, "1.0.1");
      let mover = await elsewhere.enrol();
      while ((await bucketIn(mover)) >= 0.5) mover = await elsewhere.enrol();
      await r.publish(1);
      await r.until((state) => expect(state?.rollout).toMatchObject({ ring: 0 }));
      const sizes = async () => (await r.state())?.rollout?.rings.map(({ machines }) => machines);
      const before = await sizes();
      await mover.move(r.channel);
      const rollout = { ...(await r.target())?.rollout, openTo: 0.5 } as FleetRollout;
      const { machineId, enrolledAt } = mover;
      const bucket = await bucketIn(mover);
      expect(mayStart(rollout, { machineId, enrolledAt, bucket })).toBe(false);
      await mover.report(mover.attempt(1, "committed", { subsystem: r.subsystem }));
      await r.until((state) =>
        expect(state?.rollout?.rings.map(({ committed }) => committed)).toEqual([0, 0, 0, 1]),
      );
      expect(await sizes()).toEqual(before);
    });

    test("what a machine tried in another channel, or as another version, is no outcome", async () => {
      const elsewhere = rig();
      const { r } = await fleetOf(6);
      const movers = [await elsewhere.enrol("a"), await elsewhere.enrol("b")] as const;
      await r.publish(1);
      await r.until((state) => expect(state?.rollout).toMatchObject({ ring: 0 }));
      for (const mover of movers) await mover.move(r.channel);
      const [a, b] = movers;
      const { subsystem } = r;
      const { channel } = elsewhere;
      await a.report(a.attempt(1, "rolled-back", { subsystem, channel }));
      await b.report(b.attempt(1, "rolled-back", { subsystem, version: "9.9.9" }));
      await r.untilSeen(movers);
      const rollout = (await r.state())?.rollout;
      expect(rollout).toMatchObject({ mode: "running", ring: 0 });
      expect(rollout?.rings.map(({ started }) => started)).toEqual([0, 0, 0, 0]);
      // What it tries here is one, though it ends in the same word.
      await a.report(a.attempt(1, "downloading", { subsystem }));
      await b.report(b.attempt(1, "rolled-back", { subsystem }));
      await r.until((state) =>
        expect(state?.rollout?.rings.at(-1)).toMatchObject({ started: 2, failed: 1 }),
      );
    });

    test("a machine that declined for a reason of its own counts for nothing", async () => {
      const { r, machines } = await fleetOf(5);
      await r.publish(1);
      await r.until((state) => expect(state?.rollout).toMatchObject({ ring: 0 }));
      const [first, ...others] = machines;
      if (first === undefined) throw new Error("no machine");
      await first.report(first.attempt(1, "refused", { reason: "OUTSIDE_WINDOW" }));
      await inTurns(others.slice(0, 2), (machine) =>
        machine.report(machine.attempt(1, "committed")),
      );
      await r.until((state) => expect(state?.rollout?.rings[0]).toMatchObject({ committed: 2 }));
      expect((await r.state())?.rollout).toMatchObject({ ring: 0, mode: "running" });
      expect((await r.state())?.rollout?.rings[0]).toMatchObject({ started: 2, failed: 0 });
      // Its window has come.
      await first.report(first.attempt(1, "downloading"), first.attempt(1, "committed"));
      await r.until((state) => expect(state?.settled).toMatchObject({ seq: 1 }));
    });

    test("a bake time is waited for, and is shorter for a critical release", async ({ skip }) => {
      if (!getClient().isTimeFake) skip("its time is the clock's own");
      const HOUR = 3_600_000;
      await withVariable(getClient(), "TIDELINE_ROLLOUT_POLICY", null, async () => {
        for (const [seq, isCritical, bakeMs] of [
          [1, false, HOUR],
          [2, true, HOUR / 10],
        ] as const) {
          const { r, machines } = await fleetOf(5);
          await r.publish(seq, { isCritical });
          await r.until((state) => expect(state?.rollout).toMatchObject({ ring: 0 }));
          await inTurns(machines, (machine) => machine.report(machine.attempt(seq, "committed")));
          await r.until((state) => expect(state?.rollout?.nextStepAt).not.toBeNull());
          const left = ((await r.state())?.rollout?.nextStepAt ?? 0) - Date.now();
          expect(left).toBeGreaterThan(0.9 * bakeMs);
          expect(left).toBeLessThanOrEqual(bakeMs);
          await r.client.advance(left - 1_000);
          expect((await r.state())?.rollout).toMatchObject({ ring: 0, mode: "running" });
          await r.client.advance(2_000);
          await r.until((state) => expect(state?.settled).toMatchObject({ seq }));
        }
      });
    });

    test("row 26: a canary that fails keeps the rings closed, 3 % in ring 2 halt it, and the numbers are exact", async () => {
      // 500 on a server; what stands in for one in memory looks at every row for each call.
      const { r, machines } = await fleetOf(getClient().isTimeFake ? 100 : 500);
      await r.publish(1);
      await r.until((state) => expect(state?.rollout).toMatchObject({ ring: 0, mode: "running" }));
      const placed = await place(r, machines, "1.0.1");
      const sizes = QUICK_POLICY.rings.map(
        (_, ring) => placed.filter((p) => p.ring === ring).length,
      );
      expect((await r.state())?.rollout?.rings.map((ring) => ring.machines)).toEqual(sizes);
      const target = await r.target();
      expect(target?.rollout?.canaries).toEqual(
        placed.slice(0, 5).map(({ machine }) => machine.machineId),
      );
      expect(allowed(target, placed)).toHaveLength(5);
      await update(placed.slice(0, 1), 1, "rolled-back");
      await r.until((state) =>
        expect(state?.rollout).toMatchObject({
          ...{ mode: "halted", ring: 0 },
          note: '1 failed and 0 vanished of 5 machines in "canaries", where 0 may',
        }),
      );
      expect(allowed(await r.target(), placed)).toEqual([]);
      expect((await r.state())?.rollout?.rings).toMatchObject([
        { state: "open", started: 1, committed: 0, failed: 1 },
        ...[1, 2, 3].map(() => ({ state: "closed", openedAt: null, started: 0 })),
      ]);
      expect(await r.story()).toEqual(["publish 1", "open-ring 1 canaries", "halt 1"]);

      // The next one is well with the canaries and in the first ring; 3 % of the second fail.
      await r.publish(2);
      await r.until((state) => expect(state?.rollout).toMatchObject({ seq: 2, ring: 0 }));
      const next = await place(r, machines, "1.0.2");
      const rings = QUICK_POLICY.rings.map((_, ring) => next.filter((p) => p.ring === ring));
      const [canaries = [], tenth = [], half = []] = rings;
      for (const [ring, group] of [canaries, tenth].entries()) {
        // Of few machines the canaries may be all of the first tenth.
        if (group.length === 0) continue;
        expect(allowed(await r.target(), next)).toEqual(rings.slice(0, ring + 1).flat());
        await update(group, 2, "committed");
        const open = ring === 0 && tenth.length === 0 ? 2 : ring + 1;
        await r.until((state) => expect(state?.rollout).toMatchObject({ ring: open }));
      }
      expect(allowed(await r.target(), next)).toEqual(rings.slice(0, 3).flat());
      const allowedBad = Math.max(2, Math.floor(0.02 * half.length));
      const bad = Math.max(allowedBad + 1, Math.ceil(0.03 * half.length));
      await inTurns(half, ({ machine }) => machine.report(machine.attempt(2, "downloading")));
      await update(half.slice(0, bad), 2, "rolled-back");
      await r.until((state) =>
        expect(state?.rollout).toMatchObject({
          ...{ mode: "halted", ring: 2 },
          note: `${bad} failed and 0 vanished of ${half.length} machines in "50 %", where ${allowedBad} may`,
        }),
      );
      expect((await r.state())?.rollout?.rings).toMatchObject([
        { machines: 5, committed: 5, failed: 0 },
        { machines: tenth.length, committed: tenth.length, failed: 0 },
        { machines: half.length, started: half.length, committed: 0, failed: bad },
        { state: "closed", started: 0 },
      ]);
      expect(allowed(await r.target(), next)).toEqual([]);

      // A person resumes: those failures are known, and everybody else goes on.
      await r.change("running", "the failed ones had a full disk");
      expect(allowed(await r.target(), next)).toHaveLength(rings.slice(0, 3).flat().length);
      await update(half.slice(bad), 2, "committed");
      await r.until((state) => expect(state?.rollout).toMatchObject({ ring: 3, mode: "running" }));
      await update(rings[3] ?? [], 2, "committed");
      await r.until((state) => expect(state?.settled).toMatchObject({ seq: 2 }));
    }, 120_000);

    test("row 26: machines that begin and vanish halt it", async () => {
      await whereSilenceIsShort(async (pass) => {
        const { r, machines } = await fleetOf(20);
        await r.publish(1);
        await r.until((state) => expect(state?.rollout).toMatchObject({ ring: 0 }));
        const placed = await place(r, machines, "1.0.1");
        await inTurns(placed.slice(0, 2), ({ machine }) =>
          machine.report(machine.attempt(1, "downloading")),
        );
        await r.until((state) => expect(state?.rollout?.rings[0]).toMatchObject({ started: 2 }));
        await pass();
        await r.until((state) =>
          expect(state?.rollout).toMatchObject({
            ...{ mode: "halted", ring: 0 },
            // The first one is enough, where the two are not counted together.
            note: expect.stringMatching(
              /^0 failed and [12] vanished of 5 machines in "canaries", where 0 may$/,
            ),
          }),
        );
        // One comes back and is well: no success of the other's.
        await update(placed.slice(0, 1), 1, "committed");
        await r.until((state) =>
          expect(state?.rollout).toMatchObject({
            mode: "halted",
            rings: [{ committed: 1 }, {}, {}, {}],
          }),
        );
      });
    });

    test("one machine with thousands of made-up names keeps nobody's failures from being counted", async ({
      skip,
    }) => {
      if (getClient().isTimeFake) skip("what stands in for a server bounds no run");
      const { r, machines } = await fleetOf(5);
      const liar = await r.enrol("liar");
      for (let call = 0; call < 30; call++) {
        const running = Array.from({ length: 100 }, (_, n) => ({
          ...{ subsystem: `made-up-${call}-${n}`, version: `1.0.${n}`, seq: n, sha256: null },
        }));
        const message = { kind: "presence", syncVersion: "0.1.0", running };
        expect(await liar.call(FLEET_FUNCTIONS.reportPresence, message)).toEqual({ ok: true });
      }
      await r.publish(1);
      await r.until((state) => expect(state?.rollout).toMatchObject({ ring: 0 }));
      await update(await place(r, machines, "1.0.1"), 1, "rolled-back");
      await r.until((state) => expect(state?.rollout).toMatchObject({ mode: "halted", ring: 0 }));
      // What it may have besides is what somebody published.
      await liar.report(liar.attempt(1, "committed"));
      await r.until((state) =>
        expect(state?.rollout?.rings).toContainEqual(expect.objectContaining({ committed: 1 })),
      );
      const shown = (await r.machines()).find(({ machineId }) => machineId === liar.machineId);
      expect(shown?.subsystems).toHaveLength(100);
    });

    test("many machines with many subsystems are all counted, whatever one run may do", async ({
      skip,
    }) => {
      if (getClient().isTimeFake) skip("what stands in for a server bounds no run");
      const r = rig();
      const machines = await r.enrolMany(250);
      const names = Array.from({ length: 12 }, (_, n) => `${r.subsystem}-${n}`);
      await inTurns(machines, (machine) =>
        machine.call(FLEET_FUNCTIONS.reportPresence, {
          ...{ kind: "presence", syncVersion: "0.1.0" },
          running: names.map((subsystem, seq) => ({
            ...{ subsystem, seq, version: `1.0.${seq}`, sha256: null },
          })),
        }),
      );
      const isWhole = (subsystems: FleetMachine["subsystems"]) =>
        String(subsystems.map(({ subsystem }) => subsystem)) === String(names.toSorted());
      await vi.waitFor(
        async () => {
          const whole = (await r.machines()).filter(({ subsystems }) => isWhole(subsystems));
          expect(whole).toHaveLength(machines.length);
        },
        { timeout: 20_000, interval: 200 },
      );
    });

    test("a canary that is removed while it is under way is waited for no longer", async () => {
      const { r, machines } = await fleetOf(30);
      await r.publish(1);
      await r.until((state) => expect(state?.rollout).toMatchObject({ ring: 0 }));
      const placed = await place(r, machines, "1.0.1");
      const fifth = placed[4]?.machine;
      await fifth?.report(fifth.attempt(1, "downloading"));
      await update(placed.slice(0, 4), 1, "committed");
      await r.until((state) =>
        expect(state?.rollout?.rings[0]).toMatchObject({ started: 5, committed: 4 }),
      );
      expect((await r.state())?.rollout).toMatchObject({ ring: 0, mode: "running" });
      if (fifth !== undefined) await r.remove(fifth);
      await r.until((state) => expect(state?.rollout?.ring).toBeGreaterThan(0));
      expect((await r.state())?.rollout?.rings[0]).toMatchObject({ machines: 4, started: 4 });
    });

    test("canaries that are removed or moved before they begin are waited for no longer", async () => {
      const { r, machines } = await fleetOf(30);
      await r.publish(1);
      await r.until((state) => expect(state?.rollout).toMatchObject({ ring: 0 }));
      const placed = await place(r, machines, "1.0.1");
      await update(placed.slice(0, 2), 1, "committed");
      await r.until((state) => expect(state?.rollout?.rings[0]).toMatchObject({ committed: 2 }));
      for (const { machine } of placed.slice(2, 4)) await r.remove(machine);
      await placed[4]?.machine.move(rig().channel);
      await r.until((state) => expect(state?.rollout?.ring).toBeGreaterThan(0));
      expect((await r.state())?.rollout?.rings[0]).toMatchObject({ machines: 2 });
    });

    test("where every canary is removed, others are chosen, and no ring opens without them", async () => {
      const { r, machines } = await fleetOf(30);
      await r.publish(1);
      await r.until((state) => expect(state?.rollout).toMatchObject({ ring: 0 }));
      const placed = await place(r, machines, "1.0.1");
      for (const { machine } of placed.slice(0, 5)) await r.remove(machine);
      await r.until((state) =>
        expect(state?.rollout).toMatchObject({ ring: 0, rings: [{ machines: 5 }, {}, {}, {}] }),
      );
      const next = placed.slice(5, 10).map(({ machine }) => machine.machineId);
      expect((await r.target())?.rollout?.canaries).toEqual(next);
    });

    test("a person may wait no longer for canaries that are silent, where others are well", async () => {
      const { r, machines } = await fleetOf(30);
      await r.publish(1);
      await r.until((state) => expect(state?.rollout).toMatchObject({ ring: 0 }));
      const placed = await place(r, machines, "1.0.1");
      await update(placed.slice(0, 2), 1, "committed");
      await r.until((state) => expect(state?.rollout?.rings[0]).toMatchObject({ committed: 2 }));
      expect(await r.change("running")).toMatchObject({ ok: true });
      expect((await r.state())?.rollout).toMatchObject({ ring: 0 });
      expect(await r.change("running", "they are off", true)).toMatchObject({ mode: "running" });
      await r.until((state) => expect(state?.rollout?.ring).toBeGreaterThan(0));
    });

    test("who vanished, was excused and came back well frees nobody who fails after that", async () => {
      await whereSilenceIsShort(async (pass) => {
        const { r, machines } = await fleetOf(5);
        await r.publish(1);
        await r.until((state) => expect(state?.rollout).toMatchObject({ ring: 0 }));
        const [first, second] = machines;
        await first?.report(first.attempt(1, "downloading"));
        await r.until((state) => expect(state?.rollout?.rings[0]).toMatchObject({ started: 1 }));
        await pass();
        await r.until((state) => expect(state?.rollout).toMatchObject({ mode: "halted" }));
        await r.change("running", "its cable was out");
        await first?.report(first.attempt(1, "committed"));
        await r.until((state) =>
          expect(state?.rollout?.rings[0]).toMatchObject({ committed: 1, vanished: 0 }),
        );
        await second?.report(second.attempt(1, "rolled-back"));
        await r.until((state) => expect(state?.rollout).toMatchObject({ mode: "halted" }));
      });
    });

    test("machines that never begin are no successes: it waits", async () => {
      const { r, machines } = await fleetOf(30);
      await r.publish(1);
      await r.until((state) => expect(state?.rollout).toMatchObject({ ring: 0 }));
      const placed = await place(r, machines, "1.0.1");
      await update(placed.slice(0, 2), 1, "committed");
      await r.until((state) => expect(state?.rollout?.rings[0]).toMatchObject({ committed: 2 }));
      if (getClient().isTimeFake) await r.client.advance(30 * 24 * 3_600_000);
      expect((await r.state())?.rollout).toMatchObject({
        ...{ mode: "running", ring: 0, nextStepAt: null },
        note: '"canaries" waits for more machines to have an outcome',
      });
    });
  });
}

/** Does something for each, many at the same time, and not more than the clients' queues like. */
async function inTurns<Item>(
  items: readonly Item[],
  act: (item: Item) => Promise<unknown>,
): Promise<void> {
  for (let at = 0; at < items.length; at += 50)
    await Promise.all(items.slice(at, at + 50).map(act));
}
