import { v } from "convex/values";
import { internalMutation } from "../fleet-data-model.js";
import { planRollout as plan } from "../model/plan-rollout.js";

/** Counts a page of a rollout's machines. Called by the scheduler as `fleet:planRollout`. */
export const planRollout = internalMutation({
  args: { rolloutId: v.id("rollouts") },
  returns: v.null(),
  handler: async (ctx, { rolloutId }) => {
    await plan(ctx, rolloutId);
    return null;
  },
});
