/**
 * The ledger's tables, to be spread into an app's schema. An append-only history, one small row a
 * target that says what is live, and what must never be forgotten of builds and commits.
 */
import { defineTable } from "convex/server";
import { v } from "convex/values";

/** One of the reasons for which a record by a known caller was not taken. */
export const refusalValidator = v.union(
  v.literal("ROLLBACK_NOT_ALLOWED"),
  v.literal("TARGET_HELD"),
  v.literal("SUPERSEDED"),
);

/** The fields of a `deployments` row that everybody may read. */
export const publicDeploymentFields = {
  appName: v.string(),
  environment: v.string(),
  version: v.string(),
  /** As it came: a full SHA, a short one, or a word such as "unknown". */
  gitCommit: v.string(),
  buildNumber: v.number(),
  /** ms since epoch, from the stamp. */
  buildTime: v.number(),
  /** ms since epoch, by the server's clock. */
  deployedAt: v.number(),
  gitTag: v.optional(v.string()),
  buildId: v.string(),
  /** The target's epoch after this record; of a record that was not taken, the epoch it met. */
  epoch: v.number(),
  /** 1 for a target's first record, then one more each, whatever its status. Orders the history. */
  sequence: v.number(),
  /** Of a record that was not taken: what it would have been. */
  kind: v.union(v.literal("deploy"), v.literal("redeploy"), v.literal("rollback")),
  /**
   * ```text
   * (taken) -> live -> replaced      a newer record of the target was taken
   * (not taken) -> refused           policy: rollback not allowed, target held
   * (not taken) -> superseded        the target moved on since the caller looked
   * ```
   */
  status: v.union(
    v.literal("live"),
    v.literal("replaced"),
    v.literal("superseded"),
    v.literal("refused"),
  ),
  /** Why it was not taken. */
  refusal: v.optional(refusalValidator),
  severity: v.union(v.literal("normal"), v.literal("critical")),
  notes: v.optional(v.string()),
  /** ms since epoch. */
  commitTime: v.optional(v.number()),
  /** Fingerprint of the inputs that it was built from. */
  inputsId: v.optional(v.string()),
  /** "sha256:…" of the image that runs. */
  imageDigest: v.optional(v.string()),
  /**
   * Which credential recorded it, never the credential: "token", "token:web/production" or
   * "github:owner/name".
   */
  recordedBy: v.string(),
  /** The workflow run that recorded it; only ever from a verified token. */
  runUrl: v.optional(v.string()),
};

/** What the ledger knows of one build on one target. */
export const buildStateValidator = v.union(
  /** Announced, not yet live. Ends by a record, an abort, or the function scheduled for `expiresAt`. */
  v.object({
    kind: v.literal("pending"),
    announcedAt: v.number(),
    expiresAt: v.number(),
    /** The target's when it was first announced; rows of an older ledger have none. */
    epoch: v.optional(v.number()),
  }),
  /** Was live in some epoch from the first to the last; once here, it stays here. */
  v.object({ kind: v.literal("known"), firstEpoch: v.number(), lastEpoch: v.number() }),
  /**
   * Its deployer was overtaken after `epoch`, or never came back: pages may run it, but it was never
   * the live build.
   */
  v.object({ kind: v.literal("overtaken"), epoch: v.number() }),
);

/** The keys of one issuer, and how the newest attempt to fetch them stands. */
export const issuerKeysFields = {
  issuer: v.string(),
  /** RSA keys in the form of RFC 7517, less what is the same in all of them. */
  keys: v.array(v.object({ kid: v.string(), n: v.string(), e: v.string() })),
  /** ms since epoch at which `keys` came; 0 before the first time. */
  fetchedAt: v.number(),
  /** ms since epoch at which the newest attempt began. */
  triedAt: v.number(),
  /** ```text
   * (claimed) -> running -> done      the keys came
   *                      -> failed    the issuer is away or talks nonsense
   * ```
   */
  attempt: v.union(v.literal("running"), v.literal("done"), v.literal("failed")),
};

/**
 * The tables to spread into the schema of an app that keeps its deployments in Tideline.
 *
 * @example
 * export default defineSchema({ ...ledgerTables, messages: defineTable({ … }) });
 */
export const ledgerTables = {
  /**
   * The history: one row for every record of a known caller, taken or not.
   * Written by recordDeployment (the row's `status` too, when a newer record replaces it).
   * Read by watchLatestDeployment (the live row), listDeployments, listTargets.
   * Deleted by recordDeployment: what is older than the newest TIDELINE_HISTORY_LIMIT of the
   * target, never the live row.
   */
  deployments: defineTable({
    ...publicDeploymentFields,
    idempotencyKey: v.optional(v.string()),
  })
    .index("by_app_env", ["appName", "environment"])
    .index("by_deployed_at", ["deployedAt"])
    .index("by_git_tag", ["gitTag"])
    .index("by_app_env_sequence", ["appName", "environment", "sequence"])
    .index("by_idempotency_key", ["appName", "environment", "idempotencyKey", "sequence"]),

  /**
   * What is live: one row for each pair of app and environment that something was recorded for.
   * Small and seldom written, because every open client watches it; counters of the history do
   * not belong here.
   * Written by recordDeployment, holdTarget, releaseTarget.
   * Read by every function.
   * Deleted by nobody.
   */
  targets: defineTable({
    appName: v.string(),
    environment: v.string(),
    deploymentId: v.id("deployments"),
    buildId: v.string(),
    /** Grows by one when, and only when, `buildId` changes. */
    epoch: v.number(),
    /** The first epoch in which the live build was live. */
    firstEpoch: v.number(),
    /** How the live build came to be live; a redeploy does not change it. */
    kind: v.union(v.literal("deploy"), v.literal("rollback")),
    /** The newest epoch that a critical deployment belongs to. */
    criticalEpoch: v.optional(v.number()),
    lastRollbackEpoch: v.optional(v.number()),
    hold: v.optional(v.object({ reason: v.string(), since: v.number() })),
  }).index("by_app_env", ["appName", "environment"]),

  /**
   * Every build that was announced or recorded: one row for each target and build id.
   * Written by recordDeployment, announceDeployment, expirePendingBuild.
   * Read by watchLatestDeployment (the row of the client's own build), recordDeployment,
   * announceDeployment, abortDeployment.
   * Deleted by abortDeployment and a refused record, and only while pending.
   */
  builds: defineTable({
    appName: v.string(),
    environment: v.string(),
    buildId: v.string(),
    version: v.string(),
    gitCommit: v.string(),
    /** The newest that came with this build. */
    inputsId: v.optional(v.string()),
    imageDigest: v.optional(v.string()),
    state: buildStateValidator,
  }).index("by_target_build", ["appName", "environment", "buildId"]),

  /**
   * Which build came of which inputs: one row for each target and fingerprint that was live. Apart
   * from `builds`, because one build may come of several inputs, and apart from the history,
   * because a revert may reach further back than that.
   * Written by recordDeployment.
   * Read by findDeployedInputs.
   * Deleted by nobody.
   */
  buildInputs: defineTable({
    appName: v.string(),
    environment: v.string(),
    inputsId: v.string(),
    /** The newest build that was live with these inputs, here and below. */
    buildId: v.string(),
    version: v.string(),
    gitCommit: v.string(),
    imageDigest: v.optional(v.string()),
    /** ms since epoch, by the server's clock. */
    deployedAt: v.number(),
  }).index("by_inputs", ["appName", "inputsId", "environment"]),

  /**
   * What each version was ever the name of: one row for each target, version, fingerprint and
   * image. An image's tag is made from its version and names one image for ever, so what is called
   * so no longer, or was only announced, counts as well.
   * Written by recordDeployment, announceDeployment.
   * Read by findDeployedInputs.
   * Deleted by nobody.
   */
  buildVersions: defineTable({
    appName: v.string(),
    environment: v.string(),
    version: v.string(),
    inputsId: v.optional(v.string()),
    imageDigest: v.optional(v.string()),
    /** The first commit that gave these inputs this name. */
    gitCommit: v.string(),
  }).index("by_version", ["appName", "version", "environment", "inputsId"]),

  /**
   * Every commit that was live: one row for each target and commit. Apart from `builds`, because
   * several commits may have the same bytes, and apart from the history, because an old CI job may
   * be run again after its row was pruned.
   * Written by recordDeployment.
   * Read by recordDeployment, announceDeployment.
   * Deleted by nobody.
   */
  commits: defineTable({
    appName: v.string(),
    environment: v.string(),
    /** In lower case. */
    gitCommit: v.string(),
    /** The newest epoch in which it was live. */
    lastEpoch: v.number(),
  }).index("by_target_commit", ["appName", "environment", "gitCommit"]),

  /**
   * The keys by which a token's issuer signs: one row for each issuer. In a table, because what a
   * module remembers is gone with the next call, and a fetch for every token would be slow and an
   * amplifier.
   * Written by claimKeyFetch, settleKeyFetch.
   * Read by readIssuerKeys, claimKeyFetch, settleKeyFetch.
   * Deleted by nobody.
   */
  oidcKeys: defineTable(issuerKeysFields).index("by_issuer", ["issuer"]),

  /**
   * Tokens that recorded, announced or aborted something, so that none does it twice.
   * Written by changeFromGithub, in one with what the token asked for.
   * Read by changeFromGithub.
   * Deleted by changeFromGithub, a few of those that have expired each time.
   */
  oidcTokens: defineTable({
    /** The claim `jti`: the token's own name, never the token. */
    jti: v.string(),
    /** ms since epoch: from then on the token is refused for its age. */
    expiresAt: v.number(),
  })
    .index("by_jti", ["jti"])
    .index("by_expires_at", ["expiresAt"]),
};
