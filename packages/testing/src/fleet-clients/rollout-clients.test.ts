/** A rollout over a real server: 5 machines with Convex's own client, and 500 more that are told what these are. */
import { bucketOf, FLEET_FUNCTIONS, type FleetTarget, mayStart } from "@tideline/version/fleet";
import { ConvexClient } from "convex/browser";
import { makeFunctionReference } from "convex/server";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  FLEET_READ_TOKEN,
  FleetRig,
  type TestMachine,
} from "../../../ledger/src/suite/fleet-rig.js";
import { type FleetLedgerRig, startFleetLedger } from "./fleet-ledger-rig.js";

const SIMULATED = 500;
const REAL = 5;

let ledger: FleetLedgerRig;
beforeAll(async () => {
  ledger = await startFleetLedger();
});
afterAll(() => ledger.close());

/** A machine that hears of its targets by itself and acts by the rule that machines use. */
class RealMachine {
  readonly begun = new Set<number>();
  heard = 0;
  readonly #client: ConvexClient;

  constructor(url: string, rig: FleetRig, machine: TestMachine, badSeq: number) {
    this.#client = new ConvexClient(url, { logger: false });
    this.#client.onUpdate(
      makeFunctionReference<"query">(FLEET_FUNCTIONS.watchTargets),
      { channel: rig.channel, token: FLEET_READ_TOKEN },
      (targets: FleetTarget[]) => {
        this.heard += 1;
        const rollout = targets[0]?.rollout;
        if (rollout) void this.#consider(rig, machine, rollout, badSeq);
      },
    );
  }

  async #consider(
    rig: FleetRig,
    machine: TestMachine,
    rollout: NonNullable<FleetTarget["rollout"]>,
    badSeq: number,
  ): Promise<void> {
    const { machineId, enrolledAt } = machine;
    const bucket = await bucketOf(machineId, rig.subsystem, rollout.version);
    const { seq } = rollout;
    if (this.begun.has(seq) || !mayStart(rollout, { machineId, enrolledAt, bucket })) return;
    this.begun.add(seq);
    const end = seq === badSeq ? "rolled-back" : "committed";
    const call = machine.sign({
      kind: "reports",
      reports: [machine.attempt(seq, "downloading"), machine.attempt(seq, end)],
    });
    const report = makeFunctionReference<"mutation">(FLEET_FUNCTIONS.reportAttempts);
    expect(await this.#client.mutation(report, { ...call })).toEqual({ ok: true });
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}

test("row 26: of 505 machines a broken release touches its canaries alone, and the next reaches all", async () => {
  const rig = new FleetRig(ledger.client);
  const machines = await rig.enrolMany(SIMULATED + REAL);
  for (let at = 0; at < machines.length; at += 50) {
    await Promise.all(machines.slice(at, at + 50).map((machine) => machine.present()));
  }
  await rig.untilSeen(machines);
  // Those that would be first of release 1, so that they are seen to be.
  const placed = await Promise.all(
    machines.map(async (machine) => ({
      machine,
      bucket: await bucketOf(machine.machineId, rig.subsystem, "1.0.1"),
    })),
  );
  placed.sort((a, b) => a.bucket - b.bucket);
  const real = [0, 2, 4, 6, 300].map((index) => placed[index]?.machine as TestMachine);
  const clients = real.map((machine) => new RealMachine(ledger.url, rig, machine, 1));
  try {
    await rig.publish(1);
    await rig.until((state) => expect(state?.rollout).toMatchObject({ mode: "halted", ring: 0 }));
    const rings = (await rig.state())?.rollout?.rings ?? [];
    expect(rings[0]?.machines).toBe(5);
    // Canaries among the real ones: 0, 2 and 4. Nobody else began, now or later.
    expect(clients.map(({ begun }) => begun.size)).toEqual([1, 1, 1, 0, 0]);
    expect(rings.slice(1).every(({ state, started }) => state === "closed" && started === 0)).toBe(
      true,
    );

    await rig.publish(2);
    const simulated = machines.filter((machine) => !real.includes(machine));
    const done = new Set<string>();
    for (let ring = 0; ring < 4; ring++) {
      await rig.until((state) => expect(state?.rollout).toMatchObject({ seq: 2, ring }));
      const rollout = (await rig.target())?.rollout;
      for (let at = 0; at < simulated.length; at += 50) {
        await Promise.all(
          simulated.slice(at, at + 50).map(async (machine) => {
            const { machineId, enrolledAt } = machine;
            const bucket = await bucketOf(machineId, rig.subsystem, "1.0.2");
            const isOpen = rollout && mayStart(rollout, { machineId, enrolledAt, bucket });
            if (!isOpen || done.has(machineId)) return;
            done.add(machineId);
            await machine.report(
              machine.attempt(2, "downloading"),
              machine.attempt(2, "committed"),
            );
          }),
        );
      }
    }
    await rig.until((state) => expect(state?.settled).toMatchObject({ seq: 2 }));
    expect(done.size).toBe(SIMULATED);
    expect(clients.map(({ begun }) => begun.has(2))).toEqual(real.map(() => true));
    // What 505 machines reported woke nobody: only the rings did.
    const generation = (await rig.target())?.generation ?? 0;
    for (const { heard } of clients) expect(heard).toBeLessThanOrEqual(generation + 1);
  } finally {
    await Promise.all(clients.map((client) => client.close()));
  }
}, 120_000);
