import type { FleetAnswer } from "@tideline/version/fleet";
import { v } from "convex/values";
import { mutation } from "../fleet-data-model.js";
import { authorizeOperator } from "../model/authorize-fleet.js";
import { changeRollout as change } from "../model/change-rollout.js";
import { checkChannel, checkNote, checkSubsystem } from "../model/check-fleet-arguments.js";
import { fleetAnswer } from "./fleet-validators.js";

const DOING = "change rollout";

/**
 * Pauses, resumes or halts the rollout that is on its way. Nobody who has the release already goes
 * back by that: to go back, publish a revert.
 *
 * @param withoutSilent With `running`, also where it runs already: machines of the open ring that have
 *   not begun are waited for no longer. Where nobody has been well yet it goes no further even so.
 * @returns A `FleetAnswer`: NOT_FOUND or NOT_POSSIBLE_NOW.
 * @throws {ConvexError} FLEET_NOT_CONFIGURED, UNAUTHENTICATED, INVALID_ARGUMENT.
 */
export const changeRollout = mutation({
  args: {
    token: v.string(),
    channel: v.string(),
    subsystem: v.string(),
    to: v.union(v.literal("paused"), v.literal("running"), v.literal("halted")),
    withoutSilent: v.optional(v.boolean()),
    note: v.optional(v.string()),
  },
  returns: fleetAnswer,
  handler: async (ctx, { token, note, withoutSilent = false, ...wish }): Promise<FleetAnswer> => {
    const actor = authorizeOperator(DOING, token, wish);
    checkChannel(DOING, wish.channel);
    checkSubsystem(DOING, wish.subsystem);
    return await change(ctx, { ...wish, withoutSilent, note: checkNote(DOING, note), actor });
  },
});
