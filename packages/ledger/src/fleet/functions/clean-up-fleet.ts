import type { FunctionReference } from "convex/server";
import { makeFunctionReference } from "convex/server";
import { v } from "convex/values";
import { internalMutation } from "../fleet-data-model.js";
import { deleteOld, endExpired, hintAll, wakeRollouts } from "../model/clean-up-fleet.js";

const AGAIN = makeFunctionReference<"mutation">(
  "fleet:cleanUpFleet",
) as unknown as FunctionReference<"mutation", "internal">;

/**
 * What is due once a day; for `convex/crons.ts`. Deletes old deliveries and attempts, ends rollouts
 * of expired releases, and has every upstream read once, for what no webhook told.
 *
 * @param isRest True where it goes on with its own work.
 */
export const cleanUpFleet = internalMutation({
  args: { isRest: v.optional(v.boolean()) },
  returns: v.null(),
  handler: async (ctx, { isRest }) => {
    if (isRest !== true) {
      await endExpired(ctx);
      await hintAll(ctx);
      await wakeRollouts(ctx);
    }
    if (await deleteOld(ctx)) await ctx.scheduler.runAfter(0, AGAIN, { isRest: true });
    return null;
  },
});
