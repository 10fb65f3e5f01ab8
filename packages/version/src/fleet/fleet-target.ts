/** What the ledger asks the machines of a channel to run. */
import type { SignedRelease } from "./signed-release.js";

/** How far a rollout has come; set by the operator and by the rollout itself. */
export type RolloutMode = "waiting-for-approval" | "running" | "paused" | "halted" | "completed";

/** A release that is on its way to the machines. */
export interface FleetRollout {
  readonly release: SignedRelease;
  readonly seq: number;
  readonly version: string;
  readonly mode: RolloutMode;
  /** Machines whose {@link bucketOf} lies below it may go, 0 to 1; exclusive. */
  readonly openTo: number;
  /** Machines that may go from the first ring on, whatever their bucket. */
  readonly canaries: readonly string[];
  /** ms since epoch, by the ledger's clock; a machine that enrolled later is in the last ring. */
  readonly startedAt: number;
  /** Index of the open ring, for reports; -1 before the first. */
  readonly ring: number;
}

/**
 * One subsystem in one channel. All machines of a channel read the same rows with the same
 * arguments, so that one run of the query serves them all.
 */
export interface FleetTarget {
  readonly channel: string;
  readonly subsystem: string;
  /** Grows with every change of intent: a release, a pause, a halt, a ring. */
  readonly generation: number;
  /** What has reached every ring; null before the first release did. */
  readonly settled: {
    readonly release: SignedRelease;
    readonly seq: number;
    readonly version: string;
  } | null;
  /** What is on its way; null when there is nothing newer than `settled`. */
  readonly rollout: FleetRollout | null;
}
