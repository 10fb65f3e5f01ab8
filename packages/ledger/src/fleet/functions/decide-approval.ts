import type { FleetAnswer } from "@tideline/version/fleet";
import { v } from "convex/values";
import { mutation } from "../fleet-data-model.js";
import { authorizeOperator } from "../model/authorize-fleet.js";
import { checkChannel, checkNote, checkSubsystem } from "../model/check-fleet-arguments.js";
import { decideApproval as decide } from "../model/decide-approval.js";
import { fleetAnswer } from "./fleet-validators.js";

const DOING = "decide approval";

/**
 * Lets a release that waits for approval go, or rejects it.
 *
 * @returns A `FleetAnswer`: NOT_FOUND, or NOT_POSSIBLE_NOW once it was decided otherwise.
 * @throws {ConvexError} FLEET_NOT_CONFIGURED, UNAUTHENTICATED, INVALID_ARGUMENT.
 */
export const decideApproval = mutation({
  args: {
    token: v.string(),
    channel: v.string(),
    subsystem: v.string(),
    seq: v.number(),
    decision: v.union(v.literal("approve"), v.literal("reject")),
    note: v.optional(v.string()),
  },
  returns: fleetAnswer,
  handler: async (ctx, { token, note, ...wish }): Promise<FleetAnswer> => {
    const actor = authorizeOperator(DOING, token, wish);
    checkChannel(DOING, wish.channel);
    checkSubsystem(DOING, wish.subsystem);
    return await decide(ctx, { ...wish, note: checkNote(DOING, note), actor });
  },
});
