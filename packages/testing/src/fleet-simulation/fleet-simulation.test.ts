/** Show 7: how far a broken release comes in a fleet of 5,000 machines, with the real rules of rollouts. */
import { canaryCount, DEFAULT_ROLLOUT_POLICY as POLICY, ringOf } from "@tideline/version/fleet";
import { beforeAll, describe, expect, test } from "vitest";
import { seededRandom } from "../interleavings/random.js";
import { BucketTable, SimulatedFleet } from "./simulated-fleet.js";
import type { SimulatedRelease } from "./simulated-release.js";

const MACHINES = 5_000;
const LIMIT = Math.max(5, MACHINES / 100);
const SEEDS = Array.from({ length: 100 }, (_, index) => 20_260_101 + index);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

let table: BucketTable;
beforeAll(async () => {
  const versions = Array.from({ length: 10 }, (_, index) => `2.10.${index}`);
  table = await BucketTable.make(MACHINES, versions);
});

function begin(seed: number): { fleet: SimulatedFleet; version: string } {
  const version = table.versions[seed % table.versions.length] ?? "";
  return { fleet: new SimulatedFleet({ seed, buckets: table.of(version) }), version };
}

function release(
  version: string,
  fate: SimulatedRelease["fate"],
  changes: Partial<SimulatedRelease> = {},
): SimulatedRelease {
  return { seq: 2, version, sha256: "first bytes", isCritical: false, fate, ...changes };
}

/** Runs a scenario once for each seed; a failure names its seed. */
function everySeed(seeds: readonly number[], scenario: (seed: number) => void): void {
  for (const seed of seeds) {
    try {
      scenario(seed);
    } catch (error) {
      throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error });
    }
  }
}

describe("5,000 machines, 100 seeds", () => {
  test("a release that is always broken touches the canaries and halts by itself", () => {
    let most = 0;
    everySeed(SEEDS, (seed) => {
      const { fleet, version } = begin(seed);
      fleet.ledger.publish(release(version, () => "broken", { isCritical: seed % 4 === 0 }));
      fleet.queue.run(7 * DAY);
      expect(fleet.ledger.target?.rollout.mode).toBe("halted");
      expect(fleet.ledger.target?.rollout.ring).toBe(0);
      expect(fleet.touchedBy("first bytes")).toBeLessThanOrEqual(LIMIT);
      expect(fleet.mostTries("first bytes")).toBe(1);
      most = Math.max(most, fleet.touchedBy("first bytes"));
    });
    console.info(`always broken: at most ${most} of ${MACHINES} machines touched, limit ${LIMIT}`);
  });

  test.each([1, 2])(
    "a release broken on three in a hundred of ring %i halts there, and no later ring opens",
    (bad) => {
      let most = 0;
      everySeed(SEEDS, (seed) => {
        const { fleet, version } = begin(seed);
        const doomed = new Set<string>();
        fleet.ledger.publish(release(version, (id) => (doomed.has(id) ? "broken" : "well")));
        const canaries = new Set(fleet.ledger.target?.rollout.canaries);
        const ring = fleet.machines.filter(
          ({ id, bucket }) =>
            ringOf(POLICY, { bucket, isCanary: canaries.has(id), isLate: false }) === bad,
        );
        const start = fleet.random.whole(ring.length);
        for (let index = 0; index < Math.ceil(ring.length * 0.03); index++) {
          doomed.add(ring[(start + index * 7) % ring.length]?.id ?? "");
        }
        fleet.queue.run(7 * DAY);
        expect(fleet.ledger.target?.rollout).toMatchObject({ mode: "halted", ring: bad });
        expect(fleet.ledger.halts).toEqual(["failures"]);
        const later = fleet.machines.filter(
          ({ bucket, id }) => bucket >= (POLICY.rings[bad]?.share ?? 1) && !canaries.has(id),
        );
        expect(later.every(({ swaps }) => swaps.size === 0)).toBe(true);
        expect(fleet.mostTries("first bytes")).toBe(1);
        most = Math.max(most, fleet.touchedBy("first bytes"));
      });
      console.info(`3 % of ring ${bad}: at most ${most} of ${MACHINES} machines touched`);
    },
  );

  test("a release after which machines are never heard of again halts with the canaries", () => {
    everySeed(SEEDS, (seed) => {
      const { fleet, version } = begin(seed);
      // Of most seeds all vanish, of some only one in four.
      const random = seededRandom(seed);
      const lost = new Set(
        fleet.machines.filter(() => seed % 3 > 0 || random.chance(0.25)).map(({ id }) => id),
      );
      fleet.ledger.publish(release(version, (id) => (lost.has(id) ? "vanishes" : "well")));
      fleet.queue.run(7 * DAY);
      expect(fleet.ledger.target?.rollout).toMatchObject({ mode: "halted", ring: 0 });
      expect(fleet.ledger.halts).toEqual(["vanished"]);
      expect(fleet.touchedBy("first bytes")).toBeLessThanOrEqual(LIMIT);
    });
  });

  test("a flapping network and agents that restart change nothing of that", () => {
    everySeed(SEEDS, (seed) => {
      const { fleet, version } = begin(seed);
      fleet.flap(2_000, 4 * HOUR, 3 * HOUR);
      fleet.restartSome(2_000, 4 * HOUR);
      fleet.ledger.publish(
        release(version, (id) => (Number(id.slice(8)) % 5 === 0 ? "vanishes" : "broken")),
      );
      fleet.queue.run(7 * DAY);
      expect(fleet.ledger.target?.rollout).toMatchObject({ mode: "halted", ring: 0 });
      expect(fleet.touchedBy("first bytes")).toBeLessThanOrEqual(LIMIT);
      expect(fleet.mostTries("first bytes")).toBe(1);
    });
  });

  test("a failing binary is tried once on a machine, ever: over restarts, resumes and new numbers", () => {
    everySeed(SEEDS, (seed) => {
      const { fleet, version } = begin(seed);
      for (let round = 0; round < 5; round++) {
        // The same bytes come again under a higher number, and a person resumes whatever halts.
        fleet.ledger.publish(release(version, () => "broken", { seq: 2 + round }));
        const canaries = new Set(fleet.ledger.target?.rollout.canaries);
        for (const machine of fleet.machines) {
          if (!canaries.has(machine.id)) continue;
          for (let restart = 0; restart < 10; restart++) {
            fleet.queue.after(fleet.random.whole(3 * HOUR), () => machine.restart());
          }
        }
        for (let resume = 0; resume < 3; resume++) {
          fleet.queue.run(fleet.queue.now + HOUR);
          fleet.ledger.resume();
        }
        fleet.queue.run(fleet.queue.now + DAY);
      }
      expect(fleet.mostTries("first bytes")).toBe(1);
      expect(fleet.touchedBy("first bytes")).toBeLessThanOrEqual(LIMIT);
    });
  });
});

describe("5,000 machines, 10 seeds: the rules let good releases through", () => {
  const seeds = SEEDS.slice(0, 10);

  test("a good release reaches everybody, over a flapping network and with agents that restart", () => {
    everySeed(seeds, (seed) => {
      const { fleet, version } = begin(seed);
      fleet.flap(2_000, 6 * HOUR, 10 * 60_000);
      fleet.restartSome(500, 6 * HOUR);
      fleet.ledger.publish(release(version, () => "well"));
      fleet.queue.run(7 * DAY);
      expect(fleet.ledger.halts).toEqual([]);
      expect(fleet.ledger.target?.rollout.mode).toBe("completed");
      expect(fleet.machines.every(({ liveSeq }) => liveSeq === 2)).toBe(true);
      expect(fleet.mostTries("first bytes")).toBe(1);
    });
  });

  test("one machine in two hundred that fails stops nobody else", () => {
    everySeed(seeds, (seed) => {
      const { fleet, version } = begin(seed);
      const canaries = new Set<string>();
      fleet.ledger.publish(
        release(version, (id) =>
          Number(id.slice(8)) % 200 === seed % 200 && !canaries.has(id) ? "broken" : "well",
        ),
      );
      for (const id of fleet.ledger.target?.rollout.canaries ?? []) canaries.add(id);
      fleet.queue.run(7 * DAY);
      expect(fleet.ledger.target?.rollout.mode).toBe("completed");
      expect(fleet.machines.filter(({ liveSeq }) => liveSeq === 1).length).toBeLessThanOrEqual(25);
    });
  });

  test("a critical release goes through the same rings in less time", () => {
    const { fleet, version } = begin(seeds[0] ?? 0);
    const rings: number[] = [];
    const { onTarget } = fleet.ledger;
    fleet.ledger.onTarget = (target) => {
      rings.push(target.rollout.ring);
      onTarget(target);
    };
    fleet.ledger.publish(release(version, () => "well", { isCritical: true }));
    fleet.queue.run(2 * HOUR);
    expect(fleet.ledger.target?.rollout.mode).toBe("completed");
    expect(rings).toEqual([0, 1, 2, 3, 3]);
  });
});

test.each([1, 3, 5, 30, 400])(
  "in a fleet of %i an always broken release touches its canaries alone",
  async (machines) => {
    const buckets = (await BucketTable.make(machines, ["1.0.0"])).of("1.0.0");
    everySeed(SEEDS.slice(0, 20), (seed) => {
      const fleet = new SimulatedFleet({ seed, buckets });
      fleet.ledger.publish(release("1.0.0", () => "broken"));
      fleet.queue.run(7 * DAY);
      expect(fleet.ledger.target?.rollout.mode).toBe("halted");
      // Fewer, where the first to fail stopped the others at their last look.
      expect(fleet.touchedBy("first bytes")).toBeGreaterThan(0);
      expect(fleet.touchedBy("first bytes")).toBeLessThanOrEqual(canaryCount(POLICY, machines));
    });
  },
);
