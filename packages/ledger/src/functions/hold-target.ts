import { v } from "convex/values";
import { mutation } from "../data-model.js";
import { authorize } from "../model/authorize.js";
import { checkReason, checkTarget } from "../model/check-arguments.js";
import { findTarget } from "../model/target.js";
import { nothingRecorded, refusalAnswer } from "./refusal-answer.js";

/**
 * Holds a target: until `releaseTarget` it takes no record and no announcement, whoever sends it.
 * Holding it again changes the reason and keeps since when.
 *
 * @returns The hold (`since` in ms since epoch), or a refusal NOTHING_RECORDED.
 * @throws {ConvexError} RECORDING_NOT_CONFIGURED, UNAUTHENTICATED, INVALID_ARGUMENT.
 */
export const holdTarget = mutation({
  args: {
    appName: v.string(),
    environment: v.string(),
    reason: v.string(),
    token: v.optional(v.string()),
  },
  returns: v.union(
    v.object({ ok: v.literal(true), hold: v.object({ reason: v.string(), since: v.number() }) }),
    refusalAnswer,
  ),
  handler: async (ctx, { token, reason, ...name }) => {
    checkTarget("hold target", name);
    authorize(token, name);
    checkReason("hold target", reason);
    const target = await findTarget(ctx, name);
    if (target === null) return nothingRecorded("hold", name);
    const hold = { reason, since: target.hold?.since ?? Date.now() };
    await ctx.db.patch(target._id, { hold });
    return { ok: true as const, hold };
  },
});
