import { OID } from "@tideline/version/fleet";
import { v } from "convex/values";
import { mutation } from "../fleet-data-model.js";
import { authorizeOperator } from "../model/authorize-fleet.js";
import { checkSubsystem, checkText, refuseArgument } from "../model/check-fleet-arguments.js";
import { takeUpstream } from "../model/take-upstream.js";

const DOING = "report upstream";

/**
 * Takes what a developer machine read of one ref of an upstream. A tag that named another commit
 * before comes back as quarantined, and stays so.
 *
 * @param isReleased A person's word alone: lets go the commit that is quarantined, if it still is the
 *   one that the ref names.
 * @throws {ConvexError} FLEET_NOT_CONFIGURED, UNAUTHENTICATED, INVALID_ARGUMENT.
 */
export const reportUpstream = mutation({
  args: {
    token: v.string(),
    subsystem: v.string(),
    remote: v.string(),
    ref: v.string(),
    oid: v.string(),
    tag: v.union(v.string(), v.null()),
    isQuarantined: v.boolean(),
    isReleased: v.optional(v.boolean()),
  },
  returns: v.object({ ok: v.literal(true), isNew: v.boolean(), isQuarantined: v.boolean() }),
  handler: async (ctx, { token, isReleased = false, ...word }) => {
    const { subsystem, remote, ref, oid, tag } = word;
    const actor = authorizeOperator(DOING, token, { channel: null, subsystem });
    checkSubsystem(DOING, subsystem);
    checkText(DOING, "remote", remote, 2_048);
    checkText(DOING, "ref", ref, 300);
    if (!OID.test(oid)) refuseArgument(DOING, "oid as 40 or 64 hex digits", oid);
    if (tag !== null) checkText(DOING, "tag", tag, 255);
    return { ok: true as const, ...(await takeUpstream(ctx, { ...word, isReleased }, actor)) };
  },
});
