import type { QueryCtx, Row, TargetName } from "../data-model.js";
import type { Facts } from "./classify.js";
import { comparableCommit, findCommit } from "./commits.js";

/** What a caller wants to record or announce. */
export interface Wish extends TargetName {
  readonly buildId: string;
  readonly version: string;
  readonly gitCommit: string;
  readonly inputsId: string | null;
  readonly imageDigest: string | null;
  readonly allowRollback: boolean;
  readonly asOfEpoch: number | null;
}

/** Reads from the tables what `classify` decides by. */
export async function gatherFacts(
  ctx: QueryCtx,
  wish: Wish,
  target: Row<"targets"> | null,
  build: Row<"builds"> | null,
): Promise<Facts> {
  const live = target && (await ctx.db.get(target.deploymentId));
  return {
    targetName: `${wish.appName}/${wish.environment}`,
    live: target && {
      buildId: target.buildId,
      version: live?.version ?? target.buildId,
      gitCommit: live?.gitCommit ?? "unknown",
    },
    epoch: target?.epoch ?? 0,
    holdReason: target?.hold?.reason ?? null,
    build: { buildId: wish.buildId, version: wish.version, gitCommit: wish.gitCommit },
    commitWas: await commitWas(ctx, wish, target?.epoch ?? 0),
    buildWasLive: build?.state.kind === "known",
    allowRollback: wish.allowRollback,
    asOfEpoch: wish.asOfEpoch,
  };
}

async function commitWas(ctx: QueryCtx, wish: Wish, epoch: number): Promise<Facts["commitWas"]> {
  if (comparableCommit(wish.gitCommit) === null) return "unnamed";
  const commit = await findCommit(ctx, wish, wish.gitCommit);
  if (commit === null) return "never-live";
  // Every commit recorded in this epoch has the live bytes, not the newest of them alone.
  return commit.lastEpoch === epoch ? "live-now" : "live-before";
}
