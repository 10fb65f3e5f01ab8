import { bucketOf, DEFAULT_ROLLOUT_POLICY, type RolloutPolicy } from "@tideline/version/fleet";
import { type Random, seededRandom } from "../interleavings/random.js";
import { EventQueue } from "./event-queue.js";
import { SimulatedLedger } from "./simulated-ledger.js";
import { SimulatedMachine } from "./simulated-machine.js";

/** Buckets of every machine for some versions; hashing them anew for each seed would take minutes. */
export class BucketTable {
  private constructor(
    readonly versions: readonly string[],
    private readonly buckets: readonly (readonly number[])[],
  ) {}

  /** Asks the real {@link bucketOf}. */
  static async make(machines: number, versions: readonly string[]): Promise<BucketTable> {
    const buckets: number[][] = [];
    for (const version of versions) {
      const ids = Array.from({ length: machines }, (_, index) => machineId(index));
      buckets.push(await Promise.all(ids.map((id) => bucketOf(id, "nats", version))));
    }
    return new BucketTable(versions, buckets);
  }

  of(version: string): readonly number[] {
    return this.buckets[this.versions.indexOf(version)] ?? [];
  }
}

function machineId(index: number): string {
  return `machine-${index}`;
}

/** A fleet with its ledger, in virtual time. All that happens in it follows from the seed. */
export class SimulatedFleet {
  readonly queue = new EventQueue();
  readonly random: Random;
  readonly ledger: SimulatedLedger;
  readonly machines: readonly SimulatedMachine[];

  constructor({
    seed,
    buckets,
    policy = DEFAULT_ROLLOUT_POLICY,
  }: {
    readonly seed: number;
    /** Of the version that is published, one for each machine. */
    readonly buckets: readonly number[];
    readonly policy?: RolloutPolicy;
  }) {
    this.random = seededRandom(seed);
    const members = buckets.map((bucket, index) => ({
      machineId: machineId(index),
      bucket,
      enrolledAt: 0,
    }));
    this.ledger = new SimulatedLedger(
      this.queue,
      policy,
      new Map(members.map((member) => [member.machineId, member])),
    );
    this.machines = members.map(
      ({ machineId: id, bucket, enrolledAt }) =>
        new SimulatedMachine({ id, bucket, enrolledAt, liveSeq: 1 }, this),
    );
    this.ledger.onTarget = (target) => {
      this.queue.after(1 + this.random.whole(1_000), () => {
        for (const machine of this.machines) machine.hear(target);
      });
    };
  }

  /** Machines on which a binary was ever put in place. */
  touchedBy(sha256: string): number {
    return this.machines.filter(({ swaps }) => swaps.has(sha256)).length;
  }

  /** The most often that any machine has tried a binary. */
  mostTries(sha256: string): number {
    return this.machines.reduce((most, { swaps }) => Math.max(most, swaps.get(sha256) ?? 0), 0);
  }

  /** Lets connections come and go: each of `count` machines is away for up to `maxMs`, at some time in `spanMs`. */
  flap(count: number, spanMs: number, maxMs: number): void {
    this.disturb(count, spanMs, (machine) => machine.goOffline(1 + this.random.whole(maxMs)));
  }

  /** Lets agents end and start again, at some time in `spanMs`. */
  restartSome(count: number, spanMs: number): void {
    this.disturb(count, spanMs, (machine) => machine.restart());
  }

  private disturb(count: number, spanMs: number, act: (machine: SimulatedMachine) => void): void {
    for (let index = 0; index < count; index++) {
      const machine = this.random.pick(this.machines);
      this.queue.after(this.random.whole(spanMs), () => act(machine));
    }
  }
}
