import type { LatestDeployment } from "@tideline/version";
import { v } from "convex/values";
import { query } from "../data-model.js";
import { latestDeployment } from "../model/latest-deployment.js";

/**
 * What a target serves now, for everybody to watch: no token and no word of who recorded it.
 *
 * Asked with the client's `buildId`, the answer also says what the ledger knows of that build,
 * which is what `judge` of @tideline/version needs.
 *
 * @returns A `LatestDeployment`, or null if nothing is recorded for the target.
 */
export const watchLatestDeployment = query({
  args: {
    appName: v.string(),
    environment: v.string(),
    buildId: v.optional(v.string()),
  },
  returns: v.union(
    v.null(),
    v.object({
      appName: v.string(),
      environment: v.string(),
      buildId: v.string(),
      version: v.string(),
      gitCommit: v.string(),
      gitTag: v.union(v.string(), v.null()),
      buildNumber: v.number(),
      buildTime: v.number(),
      deployedAt: v.number(),
      notes: v.union(v.string(), v.null()),
      epoch: v.number(),
      kind: v.union(v.literal("deploy"), v.literal("rollback")),
      firstEpoch: v.number(),
      criticalEpoch: v.union(v.number(), v.null()),
      clientBuild: v.union(
        v.object({ state: v.literal("unknown") }),
        v.object({ state: v.literal("pending") }),
        v.object({ state: v.literal("known"), firstEpoch: v.number(), lastEpoch: v.number() }),
      ),
    }),
  ),
  handler: (ctx, args): Promise<LatestDeployment | null> => latestDeployment(ctx, args),
});
