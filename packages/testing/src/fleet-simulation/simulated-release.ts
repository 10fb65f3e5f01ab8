import type { FleetRollout } from "@tideline/version/fleet";

/** A release as far as a rollout goes. */
export interface SimulatedRelease {
  readonly seq: number;
  readonly version: string;
  /** Of the binary: two releases may have the same. */
  readonly sha256: string;
  readonly isCritical: boolean;
  /** What becomes of a machine that runs it. */
  readonly fate: (machineId: string) => "well" | "broken" | "vanishes";
}

/** What the ledger tells all machines. */
export interface SimulatedTarget {
  readonly release: SimulatedRelease;
  readonly rollout: Pick<FleetRollout, "mode" | "openTo" | "canaries" | "startedAt" | "ring">;
}
