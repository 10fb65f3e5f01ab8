/**
 * The fleet's tables, to be spread into an app's schema beside the ledger's own. Intent (rollouts),
 * what is derived of it for machines (ringTargets), and what machines say (reports, attempts) are
 * apart: Convex runs a query again when anything that it read changes, and thousands of machines
 * watch the targets.
 */
import { defineTable } from "convex/server";
import { v } from "convex/values";

const signatures = v.array(v.object({ keyId: v.string(), value: v.string() }));

/** A `SignedRelease`, as it came. */
export const signedReleaseValidator = v.object({
  manifest: v.string(),
  signatures,
  keyset: v.string(),
  keysetSignatures: signatures,
});

/** A `RolloutMode`. */
export const modeValidator = v.union(
  v.literal("waiting-for-approval"),
  v.literal("running"),
  v.literal("paused"),
  v.literal("halted"),
  v.literal("completed"),
);

export const updateClassValidator = v.union(
  v.literal("major"),
  v.literal("minor"),
  v.literal("patch"),
);

/** The states that machines report. */
export const reportedStateValidator = v.union(
  v.literal("downloading"),
  v.literal("soaking"),
  v.literal("committed"),
  v.literal("rolled-back"),
  v.literal("refused"),
  v.literal("needs-operator"),
);

const ringRules = v.object({
  name: v.string(),
  share: v.number(),
  atLeast: v.number(),
  minSuccess: v.number(),
  minResponders: v.object({ share: v.number(), floor: v.number() }),
  maxFailures: v.object({ share: v.number(), floor: v.number() }),
  bakeMs: v.number(),
});

/** A `RolloutPolicy`. */
export const policyValidator = v.object({
  rings: v.array(ringRules),
  criticalBake: v.number(),
  outcomeWithinMs: v.number(),
});

/** One thing that a machine runs, by its own word. */
export const runningValidator = v.object({
  subsystem: v.string(),
  version: v.union(v.string(), v.null()),
  seq: v.union(v.number(), v.null()),
  sha256: v.union(v.string(), v.null()),
});

const attemptOutcome = {
  seq: v.number(),
  version: v.string(),
  state: reportedStateValidator,
  /** A `ReasonCode`; any text of its form, since machines may be newer than the ledger. */
  reason: v.union(v.string(), v.null()),
  detail: v.union(v.string(), v.null()),
};

/** What one attempt came to so far. */
export const attemptFields = { subsystem: v.string(), ...attemptOutcome };

/** A subsystem's newest attempt, and when it came to that; null before the first. */
export const newestAttemptValidator = v.union(
  v.null(),
  v.object({ ...attemptOutcome, at: v.number() }),
);

export const auditActionValidator = v.union(
  v.literal("publish"),
  v.literal("approve"),
  v.literal("reject"),
  v.literal("pause"),
  v.literal("resume"),
  v.literal("halt"),
  v.literal("open-ring"),
  v.literal("complete"),
  v.literal("supersede"),
  v.literal("enrol"),
  v.literal("quarantine"),
  v.literal("refused"),
);

/**
 * The tables to spread into the schema of an app that keeps a fleet in Tideline.
 *
 * @example
 * export default defineSchema({ ...ledgerTables, ...fleetTables });
 */
export const fleetTables = {
  /**
   * Webhooks whose signature was good: one row for each GitHub GUID and subsystem.
   * Written by receiveDelivery.
   * Read by receiveDelivery (duplicates, and how many came in the last minute).
   * Deleted by cleanUpFleet after 30 days; GitHub redelivers within three.
   */
  deliveries: defineTable({
    subsystem: v.string(),
    guid: v.string(),
    event: v.string(),
    /** ms since epoch, as every time here. */
    receivedAt: v.number(),
    /** When it last made developer machines look; null: an event that says nothing of versions. */
    hintedAt: v.union(v.number(), v.null()),
  })
    .index("by_guid", ["subsystem", "guid"])
    .index("by_received", ["subsystem", "receivedAt"]),

  /**
   * That an upstream was said to have moved: one small row for each subsystem.
   * Written by receiveDelivery, cleanUpFleet (once a day, for what no webhook told).
   * Read by watchHints.
   * Deleted by nobody.
   */
  hints: defineTable({
    subsystem: v.string(),
    sequence: v.number(),
    at: v.number(),
  }).index("by_subsystem", ["subsystem"]),

  /**
   * The newest word on one ref of one remote.
   * Written by reportUpstream.
   * Read by reportUpstream (a tag that moved), receiveDelivery (is a hint answered), watchFleet.
   * Deleted by nobody.
   */
  upstreams: defineTable({
    subsystem: v.string(),
    remote: v.string(),
    ref: v.string(),
    oid: v.string(),
    tag: v.union(v.string(), v.null()),
    isQuarantined: v.boolean(),
    seenAt: v.number(),
  })
    .index("by_ref", ["subsystem", "remote", "ref"])
    .index("by_seen", ["subsystem", "seenAt"])
    .index("by_time", ["seenAt"]),

  /**
   * What was published: one row for the same bytes, in however many channels. Never changed. Two
   * channels may have other bytes under one `seq`; which is whose is said by `rollouts`.
   * Written by publishRelease.
   * Read by publishRelease, watchTargets, the rollout's own functions.
   * Deleted by nobody: a revert may reach far back.
   */
  releases: defineTable({
    subsystem: v.string(),
    seq: v.number(),
    version: v.string(),
    updateClass: updateClassValidator,
    isCritical: v.boolean(),
    reverts: v.union(v.number(), v.null()),
    expiresAt: v.number(),
    /** Platform to the sha256 of its binary. */
    binaries: v.record(v.string(), v.string()),
    release: signedReleaseValidator,
    publishedAt: v.number(),
  }).index("by_seq", ["subsystem", "seq"]),

  /**
   * How a release goes through a channel: intent, and what was decided. One row for each channel
   * and release.
   * Written by publishRelease, decideApproval, changeRollout, planRollout, advanceRollouts.
   * Read by those and watchFleet; never by what machines watch.
   * Deleted by nobody.
   */
  rollouts: defineTable({
    channel: v.string(),
    subsystem: v.string(),
    releaseId: v.id("releases"),
    seq: v.number(),
    version: v.string(),
    isCritical: v.boolean(),
    /**
     * ```text
     * waiting-for-approval -> running | rejected
     * running -> paused -> running        a person
     * running | paused -> halted -> running   failures, or a person; only a person resumes
     * running -> completed                every ring is through
     * (all but completed) -> superseded   a newer release takes its place
     * ```
     */
    mode: v.union(modeValidator, v.literal("superseded"), v.literal("rejected")),
    /** As it was when the release was published; a new setting changes no rollout on its way. */
    policy: policyValidator,
    publishedAt: v.number(),
    startedAt: v.number(),
    /** Index of the open ring; -1 before the first. */
    ring: v.number(),
    canaries: v.array(v.string()),
    /** One sentence: what it waits for, or why it was halted. */
    note: v.union(v.string(), v.null()),
    nextStepAt: v.union(v.number(), v.null()),
    /** The count of machines as far as it has come; null when it is done. */
    plan: v.union(
      v.null(),
      v.object({
        source: v.union(v.literal("installs"), v.literal("machines")),
        cursor: v.union(v.string(), v.null()),
        seen: v.number(),
        /** How many belong to each ring, if there were no canaries. */
        rings: v.array(v.number()),
        /** Those with the smallest buckets so far, in order. */
        smallest: v.array(v.object({ machineId: v.string(), bucket: v.number() })),
      }),
    ),
    /** Of what its machines were counted, and when; absent before that. */
    counted: v.optional(
      v.object({
        source: v.union(v.literal("installs"), v.literal("machines")),
        at: v.number(),
      }),
    ),
  })
    .index("by_seq", ["channel", "subsystem", "seq"])
    .index("by_mode", ["mode"])
    .index("in_channel", ["channel", "mode"])
    .index("by_channel_mode", ["channel", "subsystem", "mode", "seq"]),

  /**
   * What machines are asked to run: one small row for each channel and subsystem, derived from the
   * rollouts. The only table, beside `releases`, that the machines' query reads.
   * Written by every change of a rollout.
   * Read by watchTargets, watchFleet.
   * Deleted by nobody.
   */
  ringTargets: defineTable({
    channel: v.string(),
    subsystem: v.string(),
    /** Grows by one with every change. */
    generation: v.number(),
    settledId: v.union(v.id("releases"), v.null()),
    rollout: v.union(
      v.null(),
      v.object({
        releaseId: v.id("releases"),
        mode: modeValidator,
        openTo: v.number(),
        canaries: v.array(v.string()),
        startedAt: v.number(),
        ring: v.number(),
      }),
    ),
  }).index("by_channel", ["channel", "subsystem"]),

  /**
   * Who belongs to the fleet: one row for each key pair.
   * Written by enrolMachine, advanceRollouts (`lastSeenAt`, `syncVersion`).
   * Read by the mutations of machines, planRollout, advanceRollouts, watchFleet, listMachines.
   * Deleted by removeMachine, and what it leaves by forgetMachine.
   */
  machines: defineTable({
    /** Raw Ed25519, 32 bytes in base64. */
    publicKey: v.string(),
    name: v.string(),
    channel: v.string(),
    platform: v.string(),
    enrolledAt: v.number(),
    /** Of its newest enrolment, by its own clock. */
    signedAt: v.optional(v.number()),
    /** When it came into its channel, if it was in another one before. */
    movedAt: v.optional(v.number()),
    lastSeenAt: v.optional(v.number()),
    syncVersion: v.optional(v.string()),
  })
    .index("by_key", ["publicKey"])
    .index("by_channel", ["channel", "name"])
    .index("by_last_seen", ["lastSeenAt"])
    .index("by_name", ["name"]),

  /**
   * What changes with every call of a machine; apart from `machines`, because nothing that anybody
   * watches may read it.
   * Written by reportAttempts, reportPresence.
   * Read by those two.
   * Deleted by forgetMachine.
   */
  presence: defineTable({
    machineId: v.id("machines"),
    /** The newest counter that was taken, and the signature that came with it. */
    counter: v.number(),
    signature: v.string(),
    lastSeenAt: v.number(),
    /** Calls since `dayAt`: a machine that runs wild is not heard before the next day. */
    dayAt: v.number(),
    calls: v.number(),
  }).index("by_machine", ["machineId"]),

  /**
   * Every try of a machine to install a release: one row for each machine, subsystem and `seq`.
   * Written by reportAttempts.
   * Read by reportAttempts (was it its last word).
   * Deleted by cleanUpFleet after 180 days without news; forgetMachine.
   */
  attempts: defineTable({
    machineId: v.id("machines"),
    ...attemptFields,
    /** The newest of `state` or `state:reason` that were told, in the order of their arrival. */
    told: v.array(v.string()),
    generation: v.number(),
    /** By the machine's clock. */
    startedAt: v.number(),
    /** By the ledger's clock. */
    toldAt: v.number(),
  })
    .index("by_machine", ["machineId", "subsystem", "seq"])
    .index("by_told", ["toldAt"]),

  /**
   * What machines said and nobody has counted yet: a queue, so that no two machines ever write the
   * same row.
   * Written by reportAttempts, reportPresence.
   * Read and deleted by advanceRollouts, within two seconds.
   */
  reports: defineTable({
    machineId: v.id("machines"),
    at: v.number(),
    what: v.union(
      v.object({
        kind: v.literal("attempt"),
        /** In which it was made; the machine may be in another one now. */
        channel: v.string(),
        ...attemptFields,
        runningSha256: v.union(v.string(), v.null()),
      }),
      v.object({
        kind: v.literal("presence"),
        syncVersion: v.string(),
        running: v.array(runningValidator),
      }),
    ),
  }),

  /**
   * What runs where: one row for each machine and subsystem, and how it was counted last.
   * Written by advanceRollouts, enrolMachine (a machine that moves to another channel).
   * Read by advanceRollouts, planRollout, watchFleet, listMachines.
   * Deleted by forgetMachine.
   */
  installs: defineTable({
    machineId: v.id("machines"),
    channel: v.string(),
    ...runningValidator.fields,
    since: v.number(),
    isOutlier: v.boolean(),
    attempt: newestAttemptValidator,
    /** In which rollout's numbers it stands, as what, and since when. */
    countedIn: v.optional(v.id("rollouts")),
    countedRing: v.optional(v.number()),
    countedAs: v.optional(
      v.union(
        v.literal("underway"),
        v.literal("committed"),
        v.literal("failed"),
        v.literal("declined"),
      ),
    ),
    countedAt: v.optional(v.number()),
  })
    .index("by_machine", ["machineId", "subsystem"])
    .index("by_channel", ["channel", "subsystem"])
    .index("by_counted", ["countedIn", "countedRing", "countedAs", "countedAt"]),

  /**
   * How the machines of one ring fare: one row for each rollout and ring.
   * Written by planRollout, advanceRollouts, changeRollout (what is excused and waived), removeMachine and
   * enrolMachine (a machine that left).
   * Read by those and watchFleet.
   * Deleted by nobody.
   */
  stats: defineTable({
    rolloutId: v.id("rollouts"),
    ring: v.number(),
    machines: v.number(),
    underway: v.number(),
    committed: v.number(),
    failed: v.number(),
    declined: v.number(),
    vanished: v.number(),
    /** Of `failed` and `vanished`, what a person has seen; of the rest, whom they wait for no longer. */
    excusedFailed: v.number(),
    excusedVanished: v.number(),
    waived: v.number(),
    openedAt: v.union(v.number(), v.null()),
    enoughAt: v.union(v.number(), v.null()),
  }).index("by_rollout", ["rolloutId", "ring"]),

  /**
   * What had to be approved, and what became of it: one row for each channel and release.
   * Written by publishRelease, decideApproval, cleanUpFleet (what has expired).
   * Read by decideApproval.
   * Deleted by nobody.
   */
  approvals: defineTable({
    channel: v.string(),
    subsystem: v.string(),
    seq: v.number(),
    version: v.string(),
    state: v.union(
      v.literal("waiting"),
      v.literal("approved"),
      v.literal("rejected"),
      v.literal("superseded"),
      v.literal("expired"),
    ),
    requestedAt: v.number(),
    decidedAt: v.union(v.number(), v.null()),
    decidedBy: v.union(v.string(), v.null()),
    note: v.union(v.string(), v.null()),
  }).index("by_seq", ["channel", "subsystem", "seq"]),

  /**
   * What people and rollouts did, in order.
   * Written by every function that changes intent.
   * Read by watchFleet (the newest).
   * Deleted by nobody.
   */
  audit: defineTable({
    at: v.number(),
    /** Which credential, never the credential. */
    actor: v.string(),
    action: auditActionValidator,
    channel: v.union(v.string(), v.null()),
    subsystem: v.union(v.string(), v.null()),
    seq: v.union(v.number(), v.null()),
    version: v.union(v.string(), v.null()),
    note: v.union(v.string(), v.null()),
  }),

  /**
   * When advanceRollouts runs next: one row.
   * Written by whoever needs it sooner, and by itself.
   * Read by those.
   * Deleted by nobody.
   */
  wakeups: defineTable({
    /** Null: nothing is scheduled. */
    dueAt: v.union(v.number(), v.null()),
    jobId: v.union(v.id("_scheduled_functions"), v.null()),
    /** What a run says to the next one; absent: none has failed, and none had to stop early. */
    faults: v.optional(v.number()),
    steppedTo: v.optional(v.number()),
    nextAt: v.optional(v.union(v.number(), v.null())),
  }),
};
