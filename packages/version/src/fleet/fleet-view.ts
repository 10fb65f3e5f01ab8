/**
 * What people see of a fleet: the answer of the query `watchFleet`. Machines never read it; what
 * they read is fleet-target.ts.
 */
import type { ReportedState } from "./attempt.js";
import type { RolloutMode } from "./fleet-target.js";
import type { PlatformKey } from "./platform.js";
import type { ReasonCode } from "./reasons.js";
import type { UpdateClass } from "./release-manifest.js";

/** All channels of a fleet. It is at most a few seconds old while machines report. */
export interface FleetView {
  /** By channel and name. */
  readonly subsystems: readonly FleetSubsystem[];
  /** At most 500: the newest to have reported; all of them are in the query `listMachines`. */
  readonly machines: readonly FleetMachine[];
  /** True if there are more machines than `machines`. */
  readonly hasMoreMachines: boolean;
  /** What is known of the upstreams, newest first; at most 100. */
  readonly upstreams: readonly FleetUpstream[];
  /** What people and the rollouts did, newest first; at most 50. */
  readonly audit: readonly FleetAuditEntry[];
}

/** One subsystem in one channel. */
export interface FleetSubsystem {
  readonly channel: string;
  readonly subsystem: string;
  /** Grows with every change of intent. */
  readonly generation: number;
  /** What has reached every ring; null before the first release did. */
  readonly settled: FleetRelease | null;
  /** What machines are told of: a release on its way, else one that waits for approval, else null. */
  readonly rollout: FleetRolloutView | null;
  /** A release that waits for approval while another one is still on its way; null otherwise. */
  readonly waiting: FleetRelease | null;
}

/** What is shown of a release. */
export interface FleetRelease {
  readonly seq: number;
  readonly version: string;
  readonly updateClass: UpdateClass;
  readonly isCritical: boolean;
  /** The `seq` whose bytes it goes back to; null if it is no revert. */
  readonly reverts: number | null;
  /** ms since epoch, by the ledger's clock. */
  readonly publishedAt: number;
}

/** A release on its way. */
export interface FleetRolloutView extends FleetRelease {
  /** `waiting-for-approval`: decideApproval is what it waits for. */
  readonly mode: RolloutMode;
  /** ms since epoch. */
  readonly startedAt: number;
  /** Index of the open ring; -1 before the first. */
  readonly ring: number;
  readonly rings: readonly FleetRing[];
  /** ms since epoch at which it is decided next, if nothing happens before; null while nothing will. */
  readonly nextStepAt: number | null;
  /** One sentence: what it waits for, or why it was halted; null if there is nothing to say. */
  readonly note: string | null;
}

/** One ring of a rollout and how its machines fare. */
export interface FleetRing {
  readonly name: string;
  /** Machines whose bucket lies below it belong to this ring or to one before it, 0 to 1. */
  readonly openTo: number;
  readonly state: "closed" | "open" | "passed";
  /** ms since epoch; null while it is closed. */
  readonly openedAt: number | null;
  /** How many machines belong to it; null until they were counted. */
  readonly machines: number | null;
  /** Have said that they began. Those below are among them. */
  readonly started: number;
  readonly committed: number;
  /** Rolled back, refused, or in need of somebody. */
  readonly failed: number;
  /** Began, and have not been heard of for too long. */
  readonly vanished: number;
}

/** One machine. */
export interface FleetMachine {
  readonly machineId: string;
  readonly name: string;
  readonly channel: string;
  readonly platform: PlatformKey;
  /** ms since epoch. */
  readonly enrolledAt: number;
  /** ms since epoch of its newest report; null if there is none. It is no heartbeat. */
  readonly lastSeenAt: number | null;
  /** By name. */
  readonly subsystems: readonly FleetInstall[];
}

/** What one machine runs of one subsystem, by its own word. */
export interface FleetInstall {
  readonly subsystem: string;
  /** Of the binary that runs; null if the machine cannot tell, as the next two. */
  readonly version: string | null;
  readonly seq: number | null;
  readonly sha256: string | null;
  /** ms since epoch since when it runs these bytes, by the ledger's clock. */
  readonly since: number;
  /** True if `sha256` is not what the release `seq` has for the machine's platform. */
  readonly isOutlier: boolean;
  /** Its newest try to install something; null if there was none. */
  readonly attempt: {
    readonly seq: number;
    readonly version: string;
    readonly state: ReportedState;
    readonly reason: ReasonCode | null;
    readonly detail: string | null;
    /** ms since epoch, by the ledger's clock. */
    readonly at: number;
  } | null;
}

/** The newest word on one ref of an upstream. */
export interface FleetUpstream {
  readonly subsystem: string;
  readonly remote: string;
  readonly ref: string;
  readonly oid: string;
  readonly tag: string | null;
  /** True: the tag moved or remotes disagree; nothing is built of it until somebody decided. */
  readonly isQuarantined: boolean;
  /** ms since epoch. */
  readonly seenAt: number;
}

/** One act. */
export interface FleetAuditEntry {
  /** ms since epoch. */
  readonly at: number;
  /** Which credential, never the credential: "token", "rollout", "machine:<id>". */
  readonly actor: string;
  readonly action:
    | "publish"
    | "approve"
    | "reject"
    | "pause"
    | "resume"
    | "halt"
    | "open-ring"
    | "complete"
    | "supersede"
    | "enrol"
    | "quarantine"
    | "refused";
  readonly channel: string | null;
  readonly subsystem: string | null;
  readonly seq: number | null;
  readonly version: string | null;
  readonly note: string | null;
}
