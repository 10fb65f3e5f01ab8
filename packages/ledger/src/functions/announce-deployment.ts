import type { AnnounceAnswer } from "@tideline/version";
import type { ObjectType } from "convex/values";
import { v } from "convex/values";
import type { MutationCtx } from "../data-model.js";
import { mutation } from "../data-model.js";
import { announceDeployment as announce } from "../model/announce-deployment.js";
import { authorize } from "../model/authorize.js";
import { checkBuild, checkTarget } from "../model/check-arguments.js";
import { keptCommit } from "../model/commits.js";
import { refusalAnswer } from "./refusal-answer.js";

const DOING = "announce deployment";

/** What an announcement says, whoever sends it. */
export const announceArguments = {
  appName: v.string(),
  environment: v.string(),
  version: v.string(),
  gitCommit: v.string(),
  buildId: v.optional(v.string()),
  inputsId: v.optional(v.string()),
  imageDigest: v.optional(v.string()),
  allowRollback: v.optional(v.boolean()),
};

/** What `announceDeployment` answers. */
export const announceAnswer = v.union(
  v.object({
    ok: v.literal(true),
    state: v.union(v.literal("pending"), v.literal("live")),
    buildId: v.string(),
    epoch: v.number(),
    expiresAt: v.union(v.number(), v.null()),
  }),
  refusalAnswer,
);

/**
 * Says that a build is on its way to a target, before anything is switched: pages that run it
 * before its record arrives then say nothing.
 *
 * The announcement ends by the record, by `abortDeployment`, or by itself after 30 minutes
 * (TIDELINE_PENDING_TTL_MS); announcing again renews it.
 *
 * @returns An `AnnounceAnswer`; refused where recording would be.
 * @throws {ConvexError} RECORDING_NOT_CONFIGURED, UNAUTHENTICATED, INVALID_ARGUMENT,
 *   INVALID_SETTING.
 */
export const announceDeployment = mutation({
  args: { ...announceArguments, token: v.optional(v.string()) },
  returns: announceAnswer,
  handler: async (ctx, { token, ...args }): Promise<AnnounceAnswer> => {
    checkTarget(DOING, args);
    authorize(token, args);
    return await announceAs(ctx, args);
  },
});

/** Checks and announces what a caller says that is known already. */
export async function announceAs(
  ctx: MutationCtx,
  args: ObjectType<typeof announceArguments>,
): Promise<AnnounceAnswer> {
  return await announce(ctx, {
    ...args,
    gitCommit: keptCommit(args.gitCommit),
    buildId: checkBuild(DOING, args),
    inputsId: args.inputsId ?? null,
    imageDigest: args.imageDigest ?? null,
    allowRollback: args.allowRollback ?? false,
  });
}
