import { v } from "convex/values";
import { internalMutation } from "../data-model.js";
import { expirePendingBuild as expire } from "../model/announce-deployment.js";

/**
 * Ends an announcement whose deployer never came back; the build counts as overtaken from then on.
 * Called by the scheduler under the path `deployments:expirePendingBuild`; does nothing if the build
 * was recorded, aborted or announced again since.
 */
export const expirePendingBuild = internalMutation({
  args: { id: v.id("builds"), expiresAt: v.number() },
  returns: v.null(),
  handler: async (ctx, args) => {
    await expire(ctx, args);
    return null;
  },
});
