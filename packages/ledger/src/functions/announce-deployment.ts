import type { AnnounceAnswer } from "@tideline/version";
import { v } from "convex/values";
import { mutation } from "../data-model.js";
import { announceDeployment as announce } from "../model/announce-deployment.js";
import { authorize } from "../model/authorize.js";
import { checkBuild, checkTarget } from "../model/check-arguments.js";
import { refusalAnswer } from "./refusal-answer.js";

const DOING = "announce deployment";

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
  args: {
    appName: v.string(),
    environment: v.string(),
    version: v.string(),
    gitCommit: v.string(),
    buildId: v.optional(v.string()),
    inputsId: v.optional(v.string()),
    imageDigest: v.optional(v.string()),
    allowRollback: v.optional(v.boolean()),
    token: v.optional(v.string()),
  },
  returns: v.union(
    v.object({
      ok: v.literal(true),
      state: v.union(v.literal("pending"), v.literal("live")),
      buildId: v.string(),
      epoch: v.number(),
      expiresAt: v.union(v.number(), v.null()),
    }),
    refusalAnswer,
  ),
  handler: async (ctx, { token, ...args }): Promise<AnnounceAnswer> => {
    checkTarget(DOING, args);
    authorize(token, args);
    const buildId = checkBuild(DOING, args);
    return await announce(ctx, {
      ...args,
      buildId,
      inputsId: args.inputsId ?? null,
      imageDigest: args.imageDigest ?? null,
      allowRollback: args.allowRollback ?? false,
    });
  },
});
