import { v } from "convex/values";
import { mutation } from "../data-model.js";
import { authorize } from "../model/authorize.js";
import { checkTarget } from "../model/check-arguments.js";
import { findTarget } from "../model/target.js";
import { nothingRecorded, refusalAnswer } from "./refusal-answer.js";

/**
 * Lets a held target take records again; safe to call on one that is not held.
 *
 * @returns Whether it was held, or a refusal NOTHING_RECORDED.
 * @throws {ConvexError} RECORDING_NOT_CONFIGURED, UNAUTHENTICATED, INVALID_ARGUMENT.
 */
export const releaseTarget = mutation({
  args: { appName: v.string(), environment: v.string(), token: v.optional(v.string()) },
  returns: v.union(v.object({ ok: v.literal(true), wasHeld: v.boolean() }), refusalAnswer),
  handler: async (ctx, { token, ...name }) => {
    checkTarget("release target", name);
    authorize(token, name);
    const target = await findTarget(ctx, name);
    if (target === null) return nothingRecorded("release", name);
    const wasHeld = target.hold !== undefined;
    if (wasHeld) await ctx.db.patch(target._id, { hold: undefined });
    return { ok: true as const, wasHeld };
  },
});
