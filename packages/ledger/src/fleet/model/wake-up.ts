import type { FunctionReference } from "convex/server";
import { makeFunctionReference } from "convex/server";
import { fleetCountMs } from "../../model/settings.js";
import type { FleetMutationCtx, FleetRow } from "../fleet-data-model.js";

// By path, because the ledger cannot import the generated `api` of the app that re-exports it.
const ADVANCE = makeFunctionReference<"mutation">(
  "fleet:advanceRollouts",
) as unknown as FunctionReference<"mutation", "internal">;

/**
 * Sees to it that `advanceRollouts` runs at a time, or before. Most calls find it scheduled already
 * and write nothing, so that machines that report at the same time do not wait for one another.
 *
 * @param dueAt ms since epoch.
 */
export async function wakeUp(ctx: FleetMutationCtx, dueAt: number): Promise<void> {
  const row = await ctx.db.query("wakeups").first();
  const isComing = row !== null && (await isStillComing(ctx, row));
  if (isComing && row.dueAt !== null && row.dueAt <= dueAt) return;
  if (isComing && row.jobId !== null) await ctx.scheduler.cancel(row.jobId);
  const jobId = await ctx.scheduler.runAt(Math.max(dueAt, Date.now()), ADVANCE, {});
  if (row === null) await ctx.db.insert("wakeups", { dueAt, jobId });
  else await ctx.db.patch(row._id, { dueAt, jobId });
}

/** False after a fault of a run as well: whoever comes next schedules another. */
async function isStillComing(
  ctx: FleetMutationCtx,
  { jobId }: FleetRow<"wakeups">,
): Promise<boolean> {
  const job = jobId === null ? null : await ctx.db.system.get(jobId);
  return job !== null && (job.state.kind === "pending" || job.state.kind === "inProgress");
}

/**
 * Has what machines have just said counted, a little later: what many say at once is counted
 * together, and costs few runs and few new views.
 */
export async function wakeToCount(ctx: FleetMutationCtx): Promise<void> {
  await wakeUp(ctx, Date.now() + fleetCountMs());
}

/** Says, at the beginning of a run, that nothing is scheduled any more. */
export async function beAwake(ctx: FleetMutationCtx): Promise<void> {
  const row = await ctx.db.query("wakeups").first();
  if (row !== null) await ctx.db.patch(row._id, { dueAt: null, jobId: null });
}
