import { v } from "convex/values";
import { internalMutation } from "../fleet-data-model.js";
import { advanceRollouts as advance } from "../model/advance-rollouts.js";

/** Counts reports and lets rollouts go on. Called by the scheduler as `fleet:advanceRollouts`. */
export const advanceRollouts = internalMutation({
  args: {},
  returns: v.null(),
  handler: async (ctx) => {
    await advance(ctx);
    return null;
  },
});
