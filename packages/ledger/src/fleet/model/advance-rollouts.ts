import type { FleetMutationCtx } from "../fleet-data-model.js";
import { countReports } from "./count-reports.js";
import { stepRollout } from "./step-rollout.js";
import { beAwake, wakeToCount, wakeUp } from "./wake-up.js";

// Each takes a few reads and writes; together they stay far below what a mutation may do.
const BATCH = 200;
const MAX_ROLLOUTS = 100;
const MIN_WAIT_MS = 100;
// Machines write behind this moment while it is read up to it, and so nobody has to try again.
const SETTLED_MS = 250;

/**
 * Counts what machines have said since the last time, and lets every running rollout go on. Runs
 * when there is something to count, or when a bake time ends; never just to look.
 */
export async function advanceRollouts(ctx: FleetMutationCtx): Promise<void> {
  await beAwake(ctx);
  const now = Date.now();
  const reports = await ctx.db
    .query("reports")
    .withIndex("by_creation_time", (q) => q.lt("_creationTime", now - SETTLED_MS))
    .take(BATCH);
  await countReports(ctx, reports);
  // Numbers of half a batch would decide on half of what is known.
  if (reports.length === BATCH) return await wakeUp(ctx, now);
  const running = await ctx.db
    .query("rollouts")
    .withIndex("by_mode", (q) => q.eq("mode", "running"))
    .take(MAX_ROLLOUTS);
  for (const rollout of running) {
    if (rollout.plan !== null) continue;
    const nextAt = await stepRollout(ctx, rollout);
    // Never sooner than a moment from now: a time that has passed would be asked about for ever.
    if (nextAt !== null) await wakeUp(ctx, Math.max(nextAt, now + MIN_WAIT_MS));
  }
  // The whole table is looked at only when nothing came, since everybody writes into it.
  const isMore = reports.length > 0 || (await ctx.db.query("reports").first()) !== null;
  if (isMore) await wakeToCount(ctx);
}
