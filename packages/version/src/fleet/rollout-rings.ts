/** Which machine belongs to which ring, and which may go now. The same on ledger and machine. */
import type { FleetRollout } from "./fleet-target.js";
import type { RolloutPolicy, RolloutRing } from "./rollout-policy.js";

/** A machine as a rollout sees it. */
export interface RolloutMachine {
  readonly machineId: string;
  /** What {@link bucketOf} gives for it and the version. */
  readonly bucket: number;
}

/**
 * Says how many canaries a fleet has: `share` of it, rounded down, and at least `atLeast` as far as
 * there are so many machines.
 *
 * @example
 * canaryCount(DEFAULT_ROLLOUT_POLICY, 5_000) // 50
 * canaryCount(DEFAULT_ROLLOUT_POLICY, 3) // 3
 */
export function canaryCount({ rings: [first] }: RolloutPolicy, machines: number): number {
  if (first === undefined) return 0;
  return Math.min(machines, Math.max(first.atLeast, Math.floor(first.share * machines)));
}

/**
 * Chooses exactly the canaries: the machines with the smallest buckets. They are named one by one,
 * since a share of buckets would be more machines or fewer by chance.
 */
export function chooseCanaries(
  policy: RolloutPolicy,
  machines: readonly RolloutMachine[],
): readonly string[] {
  return [...machines]
    .sort((a, b) => a.bucket - b.bucket || (a.machineId < b.machineId ? -1 : 1))
    .slice(0, canaryCount(policy, machines.length))
    .map(({ machineId }) => machineId);
}

/** Gives {@link FleetRollout.openTo} while a ring is the open one: 0 before and with the canaries. */
export function openToOf({ rings }: RolloutPolicy, ring: number): number {
  return ring <= 0 ? 0 : (rings[ring]?.share ?? 0);
}

/**
 * Says in which ring a machine is: the canaries in the first, whoever enrolled after the rollout
 * began in the last (it must not shift the counts of the others), the rest by bucket.
 *
 * @returns An index of `policy.rings`.
 */
export function ringOf(
  { rings }: RolloutPolicy,
  machine: { readonly bucket: number; readonly isCanary: boolean; readonly isLate: boolean },
): number {
  if (machine.isCanary) return 0;
  const last = rings.length - 1;
  if (machine.isLate) return last;
  const ring = rings.findIndex(({ share }, index) => index > 0 && machine.bucket < share);
  return ring === -1 ? last : ring;
}

/**
 * Says whether a machine may begin with a release now. Asked before it plans, and again as its last
 * look: a rollout that was paused or halted meanwhile lets nobody start.
 *
 * @param machine.enrolledAt Since when it is in its channel; ms since epoch, by the ledger's clock.
 */
export function mayStart(
  rollout: Pick<FleetRollout, "mode" | "openTo" | "canaries" | "startedAt" | "ring">,
  machine: RolloutMachine & { readonly enrolledAt: number },
): boolean {
  if (rollout.mode === "completed") return true;
  if (rollout.mode !== "running" || rollout.ring < 0) return false;
  if (rollout.canaries.includes(machine.machineId)) return true;
  if (machine.enrolledAt > rollout.startedAt) return rollout.openTo >= 1;
  return machine.bucket < rollout.openTo;
}

/** Says how many machines of a ring must have an outcome before the next one opens. */
export function neededResponders({ minResponders }: RolloutRing, machines: number): number {
  const { share, floor } = minResponders;
  return Math.min(machines, Math.max(floor, Math.ceil(share * machines)));
}

/** Says how many machines of a ring may fail or vanish; one more halts the rollout. */
export function allowedFailures({ maxFailures }: RolloutRing, machines: number): number {
  return Math.max(maxFailures.floor, Math.floor(maxFailures.share * machines));
}
