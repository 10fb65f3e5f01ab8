import { describe, expect, test } from "vitest";
import { FleetRig } from "./fleet-rig.js";
import type { LedgerClient } from "./ledger-client.js";

/** How a release goes from ring to ring, and how it is stopped. */
export function rolloutsSuite(getClient: () => LedgerClient): void {
  const rig = () => new FleetRig(getClient());

  describe("a rollout", () => {
    test("a fleet of three is all canaries: the rings after them are empty and passed at once", async () => {
      const r = rig();
      const machines = await r.enrolMany(3);
      await Promise.all(machines.map((machine) => machine.present()));
      await r.untilSeen(machines);
      expect(await r.publish(1)).toMatchObject({ ok: true, mode: "running" });
      await r.until((state) => expect(state?.rollout).toMatchObject({ ring: 0 }));
      const target = await r.target();
      expect(target?.settled).toBeNull();
      expect(target?.rollout?.canaries.toSorted()).toEqual(
        machines.map(({ machineId }) => machineId).toSorted(),
      );
      await Promise.all(machines.map((machine) => machine.report(machine.attempt(1, "committed"))));
      await r.until((state) => expect(state?.settled).toMatchObject({ seq: 1 }));
      expect((await r.target())?.rollout).toBeNull();
      expect(await r.story()).toEqual([
        "publish 1",
        "open-ring 1 canaries",
        "open-ring 1 10 %",
        "open-ring 1 50 %",
        "open-ring 1 everybody",
        "complete 1",
      ]);
    });
  });
}
