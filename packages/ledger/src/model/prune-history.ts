import type { Id, MutationCtx, TargetName } from "../data-model.js";

// A transaction may read 16 MiB; a thousand rows with full notes stay far below it. A larger
// backlog goes with the records that follow, each of which adds one row and takes a thousand.
const MAX_DELETED = 1000;

/**
 * Deletes the surplus of a target's history: all but the newest `limit` records and the live one,
 * however old that is.
 *
 * @param newestSequence The `sequence` of the newest record.
 */
export async function pruneHistory(
  ctx: MutationCtx,
  { appName, environment }: TargetName,
  newestSequence: number,
  limit: number,
  liveId: Id<"deployments"> | null,
): Promise<void> {
  const oldestKept = newestSequence - limit + 1;
  if (oldestKept <= 1) return;
  const surplus = await ctx.db
    .query("deployments")
    .withIndex("by_app_env_sequence", (q) =>
      q.eq("appName", appName).eq("environment", environment).lt("sequence", oldestKept),
    )
    .take(MAX_DELETED);
  for (const row of surplus) {
    if (row._id !== liveId) await ctx.db.delete(row._id);
  }
}
