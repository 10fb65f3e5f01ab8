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
  const job = row === null ? "none" : await jobOf(ctx, row);
  const isComing = row !== null && job === "coming";
  if (isComing && row.dueAt !== null && row.dueAt <= dueAt) return;
  if (isComing && row.jobId !== null) await ctx.scheduler.cancel(row.jobId);
  const jobId = await ctx.scheduler.runAt(Math.max(dueAt, Date.now()), ADVANCE, {});
  if (row === null) return void (await ctx.db.insert("wakeups", { dueAt, jobId }));
  const faults = (row.faults ?? 0) + (job === "failed" ? 1 : 0);
  await ctx.db.patch(row._id, { dueAt, jobId, faults });
}

/** What became of the run that was scheduled; after a fault whoever comes next schedules another. */
async function jobOf(
  ctx: FleetMutationCtx,
  { jobId }: FleetRow<"wakeups">,
): Promise<"coming" | "failed" | "none"> {
  const job = jobId === null ? null : await ctx.db.system.get(jobId);
  if (job === null) return "none";
  const { kind } = job.state;
  if (kind === "failed") return "failed";
  return kind === "pending" || kind === "inProgress" ? "coming" : "none";
}

/**
 * Has what machines have just said counted, a little later: what many say at once is counted
 * together, and costs few runs and few new views.
 */
export async function wakeToCount(ctx: FleetMutationCtx): Promise<void> {
  await wakeUp(ctx, Date.now() + fleetCountMs());
}

/** What a run has to know of those before it. */
export interface RunState {
  /** How many runs have failed; each one that is in order takes a part of one back. */
  readonly faults: number;
  /** `_creationTime` of the last rollout that was looked at, where a run had to stop; else 0. */
  readonly steppedTo: number;
  /** ms since epoch at which the rollouts up to that one want the next look; null: never. */
  readonly nextAt: number | null;
}

/** Says, at the beginning of a run, that nothing is scheduled any more. */
export async function beAwake(ctx: FleetMutationCtx): Promise<RunState> {
  const row = await ctx.db.query("wakeups").first();
  if (row !== null) await ctx.db.patch(row._id, { dueAt: null, jobId: null });
  return {
    faults: row?.faults ?? 0,
    steppedTo: row?.steppedTo ?? 0,
    nextAt: row?.nextAt ?? null,
  };
}

/** Says it to the next run. */
export async function noteRun(ctx: FleetMutationCtx, state: RunState): Promise<void> {
  const row = await ctx.db.query("wakeups").first();
  if (row !== null) await ctx.db.patch(row._id, { ...state });
}
