import type { BuildId, ClientBuild, LatestDeployment } from "@tideline/version";
import type { QueryCtx, Row, TargetName } from "../data-model.js";
import { HIDDEN_COMMIT } from "./private-commits.js";
import { areCommitsPrivate } from "./settings.js";
import { findBuild, findTarget } from "./target.js";

/**
 * What the target serves now, and where the asking client's build stands in it.
 *
 * Reads three rows at most (the target, its live deployment, the client's build), so that a write
 * to the history or to another target wakes nobody.
 *
 * @returns Null if nothing was ever recorded for the target.
 */
export async function latestDeployment(
  ctx: QueryCtx,
  { buildId, ...name }: TargetName & { readonly buildId?: string | undefined },
): Promise<LatestDeployment | null> {
  const target = await findTarget(ctx, name);
  if (target === null) return null;
  const live = await ctx.db.get(target.deploymentId);
  // Only a hand in the database can have deleted it: the pruning spares the live row.
  if (live === null) return null;
  const clientBuild = buildId === undefined ? null : await findBuild(ctx, name, buildId);
  return {
    appName: target.appName,
    environment: target.environment,
    buildId: target.buildId as BuildId,
    version: live.version,
    // Everybody watches, so no token could tell who may know.
    gitCommit: areCommitsPrivate() ? HIDDEN_COMMIT : live.gitCommit,
    gitTag: live.gitTag ?? null,
    buildNumber: live.buildNumber,
    buildTime: live.buildTime,
    deployedAt: live.deployedAt,
    notes: live.notes ?? null,
    epoch: target.epoch,
    kind: target.kind,
    firstEpoch: target.firstEpoch,
    criticalEpoch: target.criticalEpoch ?? null,
    clientBuild: toClientBuild(clientBuild),
  };
}

function toClientBuild(build: Row<"builds"> | null): ClientBuild {
  if (build === null) return { state: "unknown" };
  const { state } = build;
  switch (state.kind) {
    case "pending":
      return { state: "pending" };
    case "known":
      return { state: "known", firstEpoch: state.firstEpoch, lastEpoch: state.lastEpoch };
    case "overtaken":
      return { state: "known", firstEpoch: state.epoch, lastEpoch: state.epoch };
    default:
      return state satisfies never;
  }
}
