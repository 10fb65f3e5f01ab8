import type { QueryCtx, Row, TargetName } from "../data-model.js";

/** The target's row, or null if nothing was ever recorded for it. */
export function findTarget(
  ctx: QueryCtx,
  { appName, environment }: TargetName,
): Promise<Row<"targets"> | null> {
  return ctx.db
    .query("targets")
    .withIndex("by_app_env", (q) => q.eq("appName", appName).eq("environment", environment))
    .unique();
}

/** The target's row of one build, or null if it was neither announced nor recorded. */
export function findBuild(
  ctx: QueryCtx,
  { appName, environment }: TargetName,
  buildId: string,
): Promise<Row<"builds"> | null> {
  return ctx.db
    .query("builds")
    .withIndex("by_target_build", (q) =>
      q.eq("appName", appName).eq("environment", environment).eq("buildId", buildId),
    )
    .unique();
}
