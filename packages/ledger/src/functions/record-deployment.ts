import type { RecordAnswer } from "@tideline/version";
import type { ObjectType } from "convex/values";
import { v } from "convex/values";
import type { MutationCtx } from "../data-model.js";
import { mutation } from "../data-model.js";
import { authorize } from "../model/authorize.js";
import { checkBuild, checkRecord, checkTarget } from "../model/check-arguments.js";
import { keptCommit } from "../model/commits.js";
import { recordDeployment as record } from "../model/record-deployment.js";
import { refusalAnswer } from "./refusal-answer.js";

const DOING = "record deployment";

/** What a record says, whoever sends it. */
export const recordArguments = {
  appName: v.string(),
  environment: v.string(),
  version: v.string(),
  gitCommit: v.string(),
  buildNumber: v.number(),
  buildTime: v.number(),
  gitTag: v.optional(v.union(v.string(), v.null())),
  buildId: v.optional(v.string()),
  severity: v.optional(v.union(v.literal("normal"), v.literal("critical"))),
  notes: v.optional(v.string()),
  commitTime: v.optional(v.number()),
  idempotencyKey: v.optional(v.string()),
  inputsId: v.optional(v.string()),
  imageDigest: v.optional(v.string()),
  allowRollback: v.optional(v.boolean()),
  asOfEpoch: v.optional(v.number()),
};

/** What `recordDeployment` answers. */
export const recordAnswer = v.union(
  v.object({
    ok: v.literal(true),
    deploymentId: v.string(),
    kind: v.union(v.literal("deploy"), v.literal("redeploy"), v.literal("rollback")),
    buildId: v.string(),
    epoch: v.number(),
    alreadyRecorded: v.boolean(),
  }),
  refusalAnswer,
);

/**
 * Records what is live on a target now.
 *
 * Safe to retry with an `idempotencyKey`: the same key gives the same answer and no second row.
 *
 * @returns A `RecordAnswer`. A refusal by policy is an answer and leaves a row with status
 *   `refused` (or `superseded`) in the history.
 * @throws {ConvexError} RECORDING_NOT_CONFIGURED, UNAUTHENTICATED, INVALID_ARGUMENT,
 *   IDEMPOTENCY_KEY_REUSED, INVALID_SETTING; nothing is written.
 */
export const recordDeployment = mutation({
  args: { ...recordArguments, token: v.optional(v.string()) },
  returns: recordAnswer,
  handler: async (ctx, { token, ...args }): Promise<RecordAnswer> => {
    checkTarget(DOING, args);
    const recordedBy = authorize(token, args);
    return await recordAs(ctx, args, { recordedBy, runUrl: null });
  },
});

/** Checks and records what a caller says that is known already. */
export async function recordAs(
  ctx: MutationCtx,
  args: ObjectType<typeof recordArguments>,
  caller: { readonly recordedBy: string; readonly runUrl: string | null },
): Promise<RecordAnswer> {
  const buildId = checkBuild(DOING, args);
  checkRecord(DOING, args);
  return await record(ctx, {
    ...args,
    gitCommit: keptCommit(args.gitCommit),
    buildId,
    gitTag: args.gitTag ?? null,
    severity: args.severity ?? "normal",
    notes: args.notes ?? null,
    commitTime: args.commitTime ?? null,
    inputsId: args.inputsId ?? null,
    imageDigest: args.imageDigest ?? null,
    idempotencyKey: args.idempotencyKey ?? null,
    allowRollback: args.allowRollback ?? false,
    asOfEpoch: args.asOfEpoch ?? null,
    ...caller,
  });
}
