import { v } from "convex/values";
import { query } from "../data-model.js";
import { mayReadHistory } from "../model/private-history.js";
import { deploymentRow, toDeploymentRow } from "./deployment-row.js";

// Far above what an organisation has, far below what one query may read.
const MAX_TARGETS = 1000;

/**
 * Every target that something was recorded for, by app name and environment, with its live
 * deployment: what an overview shows. The first 1,000.
 *
 * With TIDELINE_PRIVATE_HISTORY set, only those targets that `token` is good for.
 */
export const listTargets = query({
  args: { token: v.optional(v.string()) },
  returns: v.array(
    v.object({
      appName: v.string(),
      environment: v.string(),
      epoch: v.number(),
      buildId: v.string(),
      hold: v.union(v.object({ reason: v.string(), since: v.number() }), v.null()),
      live: v.union(deploymentRow, v.null()),
      criticalEpoch: v.union(v.number(), v.null()),
      lastRollbackEpoch: v.union(v.number(), v.null()),
    }),
  ),
  handler: async (ctx, { token }) => {
    const targets = await ctx.db.query("targets").withIndex("by_app_env").take(MAX_TARGETS);
    const readable = targets.filter((target) => mayReadHistory(token, target));
    return await Promise.all(
      readable.map(async (target) => {
        const live = await ctx.db.get(target.deploymentId);
        return {
          appName: target.appName,
          environment: target.environment,
          epoch: target.epoch,
          buildId: target.buildId,
          hold: target.hold ?? null,
          live: live && toDeploymentRow(live, token),
          criticalEpoch: target.criticalEpoch ?? null,
          lastRollbackEpoch: target.lastRollbackEpoch ?? null,
        };
      }),
    );
  },
});
