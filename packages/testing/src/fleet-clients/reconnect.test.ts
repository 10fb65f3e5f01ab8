/** A thousand machines whose ledger goes away and comes back, all at the same moment. */
import { FLEET_FUNCTIONS, type RolloutPolicy } from "@tideline/version/fleet";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import {
  FLEET_READ_TOKEN,
  FleetRig,
  QUICK_POLICY,
  type TestMachine,
} from "../../../ledger/src/suite/fleet-rig.js";
import { type FleetLedgerRig, startFleetLedger } from "./fleet-ledger-rig.js";
import { LightClient } from "./light-client.js";

const MACHINES = 1_000;
// One ring for everybody, watched for an hour: its numbers stay to be looked at.
const ONE_RING: RolloutPolicy = {
  ...QUICK_POLICY,
  rings: QUICK_POLICY.rings
    .slice(0, 1)
    .map((ring) => ({ ...ring, name: "all", share: 1, atLeast: MACHINES, bakeMs: 3_600_000 })),
};

let ledger: FleetLedgerRig;
beforeAll(async () => {
  ledger = await startFleetLedger({ TIDELINE_ROLLOUT_POLICY: JSON.stringify(ONE_RING) });
});
afterAll(() => ledger.close());

/** A machine that installs what it hears of, and says so again after each lost connection. */
class LightMachine {
  readonly client: LightClient;
  newest = 0;
  answers = 0;
  readonly #machine: TestMachine;

  constructor(rig: FleetRig, machine: TestMachine) {
    this.#machine = machine;
    const args = { channel: rig.channel, token: FLEET_READ_TOKEN };
    const watched = { udfPath: FLEET_FUNCTIONS.watchTargets, args };
    this.client = new LightClient(ledger.url, watched, ([target]) => {
      const rollout = target?.rollout ?? null;
      if (rollout === null || !rollout.canaries.includes(machine.machineId)) return;
      this.newest = rollout.seq;
      // Also where nothing is new: after a start of its own a machine does not know what arrived.
      void this.#report(rollout.seq);
    });
  }

  async #report(seq: number): Promise<void> {
    const reports = [
      this.#machine.attempt(seq, "downloading"),
      this.#machine.attempt(seq, "committed"),
    ];
    const call = this.#machine.sign({ kind: "reports", reports });
    const answer = await this.client.mutation(FLEET_FUNCTIONS.reportAttempts, { ...call });
    if ((answer as { ok: boolean }).ok) this.answers += 1;
  }
}

test("row 27: 1,000 machines that come back at once hear of everything, and are counted once", async () => {
  const rig = new FleetRig(ledger.client);
  const machines = await rig.enrolMany(MACHINES);
  for (let at = 0; at < MACHINES; at += 100) {
    await Promise.all(machines.slice(at, at + 100).map((machine) => machine.present()));
  }
  await rig.untilSeen(machines);
  const fleet = machines.map((machine) => new LightMachine(rig, machine));
  const until = (check: () => void) => vi.waitFor(check, { timeout: 60_000, interval: 100 });
  const heardBy = (seq: number) => fleet.filter(({ newest }) => newest === seq).length;
  try {
    await until(() => expect(fleet.every(({ client }) => client.connections === 1)).toBe(true));
    await rig.publish(1);
    // In the middle of what they say of it, the ledger goes away.
    await until(() => expect(fleet.some(({ answers }) => answers > 0)).toBe(true));
    await ledger.stop();
    await ledger.start();
    await until(() => expect(fleet.every(({ client }) => client.connections >= 2)).toBe(true));
    const exact = { machines: MACHINES, started: MACHINES, committed: MACHINES };
    const counted = (seq: number) => (state: Awaited<ReturnType<FleetRig["state"]>>) =>
      expect(state?.rollout).toMatchObject({
        ...{ seq, mode: "running", ring: 0 },
        rings: [{ ...exact, failed: 0, vanished: 0 }],
      });
    await rig.until(counted(1));
    await until(() => expect(heardBy(1)).toBe(MACHINES));

    // It goes away again, and what is new is published while they come back.
    await ledger.stop();
    await ledger.start();
    await rig.publish(2);
    await until(() => expect(heardBy(2)).toBe(MACHINES));
    await rig.until(counted(2));
    expect(await rig.story()).toEqual([
      ...["publish 1", "open-ring 1 all", "publish 2", "supersede 1", "open-ring 2 all"],
    ]);
  } finally {
    for (const { client } of fleet) client.close();
  }
}, 180_000);
