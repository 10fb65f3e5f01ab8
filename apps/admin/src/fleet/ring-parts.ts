import type { FleetRing } from "@tideline/version/fleet";

/** How the machines of a ring divide. */
export interface RingParts {
  /** How many there are; more than were counted at its start if machines joined later. */
  readonly total: number;
  readonly succeeded: number;
  readonly failed: number;
  /** Have begun and were not heard of for too long. */
  readonly vanished: number;
  readonly inProgress: number;
  /** Have said how it ended. */
  readonly responders: number;
}

/** Divides a ring's machines by how they fare; no machine is in two parts. */
export function ringParts({
  machines,
  started,
  committed,
  failed,
  vanished,
}: FleetRing): RingParts {
  return {
    total: Math.max(machines ?? 0, started),
    ...{ succeeded: committed, failed, vanished },
    inProgress: Math.max(started - committed - failed - vanished, 0),
    responders: committed + failed,
  };
}

/** The same in words: "3 of 5 responded · 2 succeeded · 1 failed". What is none of is left out. */
export function ringText(ring: FleetRing): string {
  if (ring.machines === null) return "Not counted yet";
  const { total, succeeded, failed, vanished, inProgress, responders } = ringParts(ring);
  if (total === 0) return "No machines";
  if (ring.state === "closed" && ring.started === 0) {
    return total === 1 ? "1 machine" : `${total} machines`;
  }
  return [
    `${responders} of ${total} responded`,
    ...(succeeded > 0 ? [`${succeeded} succeeded`] : []),
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(vanished > 0 ? [`${vanished} vanished`] : []),
    ...(inProgress > 0 ? [`${inProgress} in progress`] : []),
  ].join(" · ");
}
