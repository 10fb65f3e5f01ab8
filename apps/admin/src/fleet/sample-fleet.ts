/** Parts of a fleet for this folder's tests: real shapes, of which a test changes what it is about. */
import type {
  FleetAuditEntry,
  FleetInstall,
  FleetMachine,
  FleetRing,
  FleetRolloutView,
  FleetSubsystem,
  FleetView,
} from "@tideline/version/fleet";

/** Gives what runs release 6 of nats since the epoch's beginning, with what the test is about in place of the rest. */
export function sampleInstall(parts: Partial<FleetInstall> = {}): FleetInstall {
  return {
    ...{ subsystem: "nats", version: "2.10.24", seq: 6, sha256: "a1".repeat(32), since: 0 },
    ...{ isOutlier: false, attempt: null },
    ...parts,
  };
}

/** Gives a machine with one {@link sampleInstall}. */
export function sampleMachine(parts: Partial<FleetMachine> = {}): FleetMachine {
  return {
    ...{ machineId: "machine-1", name: "workshop-1", channel: "stable" },
    ...{ platform: "linux-x64-glibc", enrolledAt: 0, lastSeenAt: 1 },
    subsystems: [sampleInstall()],
    ...parts,
  };
}

/** Gives a closed ring of 5. */
export function sampleRing(parts: Partial<FleetRing> = {}): FleetRing {
  return {
    ...{ name: "canaries", openTo: 0, state: "closed", openedAt: null, machines: 5 },
    ...{ started: 0, committed: 0, failed: 0, vanished: 0 },
    ...parts,
  };
}

/** Gives release 7 with its canaries open. */
export function sampleRollout(parts: Partial<FleetRolloutView> = {}): FleetRolloutView {
  return {
    ...{ seq: 7, version: "2.10.25", updateClass: "patch", isCritical: false, reverts: null },
    ...{ publishedAt: 0, mode: "running", startedAt: 0, ring: 0, nextStepAt: null, note: null },
    rings: [
      sampleRing({ state: "open", openedAt: 0, started: 3, committed: 1, failed: 1, vanished: 1 }),
      sampleRing({ name: "everybody", openTo: 1, machines: 95 }),
    ],
    ...parts,
  };
}

/** Gives nats in stable, settled at release 6. */
export function sampleSubsystem(parts: Partial<FleetSubsystem> = {}): FleetSubsystem {
  return {
    ...{ channel: "stable", subsystem: "nats", generation: 3, rollout: null, waiting: null },
    settled: {
      ...{ seq: 6, version: "2.10.24", updateClass: "patch", isCritical: false },
      ...{ reverts: null, publishedAt: 0 },
    },
    ...parts,
  };
}

/** Gives an act of a person on release 7. */
export function sampleAct(parts: Partial<FleetAuditEntry> = {}): FleetAuditEntry {
  return {
    ...{ at: 0, actor: "token", action: "approve", channel: "stable", subsystem: "nats" },
    ...{ seq: 7, version: "2.10.25", note: null },
    ...parts,
  };
}

/** Gives a fleet of one subsystem and one machine. */
export function sampleView(parts: Partial<FleetView> = {}): FleetView {
  return {
    ...{ subsystems: [sampleSubsystem()], machines: [sampleMachine()], hasMoreMachines: false },
    ...{ upstreams: [], audit: [sampleAct()] },
    ...parts,
  };
}
