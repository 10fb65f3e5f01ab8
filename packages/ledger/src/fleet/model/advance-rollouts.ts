import type { FleetMutationCtx, FleetRow } from "../fleet-data-model.js";
import { countReports } from "./count-reports.js";
import { haltIfFailing, stepRollout } from "./step-rollout.js";
import { beAwake, noteRun, type RunState, wakeToCount, wakeUp } from "./wake-up.js";

// What one run looks at; how much it does is bounded by a WorkBudget.
const BATCH = 200;
/**
 * After each fault a run takes so many times less, until it is one report. After so many runs in
 * order, when about what failed is counted, it takes so many times more again.
 */
const SHRINK = 8;
const LAST_TRY = 3;
const MAX_ROLLOUTS = 100;
// About what one look at a ring, and at a rollout, reads and writes; together they stay far below
// what a mutation may do.
const RING_STEPS = 4;
const ROLLOUT_STEPS = 15;
const MAX_STEPS = 1_500;
const MIN_WAIT_MS = 100;
// Machines write behind this moment while it is read up to it, and so nobody has to try again.
const SETTLED_MS = 250;

/**
 * Counts what machines have said since the last time, and lets every running rollout go on. Runs
 * when there is something to count, or when a bake time ends; never just to look.
 */
export async function advanceRollouts(ctx: FleetMutationCtx): Promise<void> {
  const state = await beAwake(ctx);
  const now = Date.now();
  const shrunk = Math.min(Math.ceil(state.faults), LAST_TRY);
  const batch = Math.max(1, Math.floor(BATCH / SHRINK ** shrunk));
  const reports = await ctx.db
    .query("reports")
    .withIndex("by_creation_time", (q) => q.lt("_creationTime", now - SETTLED_MS))
    .take(batch);
  const [first] = reports;
  if (state.faults > LAST_TRY && first !== undefined) {
    await drop(ctx, first, state);
    return await wakeUp(ctx, now);
  }
  const { isAll, failing } = await countReports(ctx, reports);
  if (!isAll || reports.length === batch) {
    // Numbers of half of what is known would decide on half of it. But who talks without end must
    // keep nobody's failure from being heard; after a fault the counting alone is tried.
    if (state.faults > 0) {
      await noteRun(ctx, { ...state, faults: Math.max(0, state.faults - 1 / SHRINK) });
    } else {
      for (const rollout of failing) await haltIfFailing(ctx, rollout);
    }
    return await wakeUp(ctx, now);
  }
  if (state.faults > 0) {
    // If it was not the counting that failed, it is what comes now.
    await noteRun(ctx, { ...state, faults: 0 });
    return await wakeUp(ctx, now);
  }
  if (!(await stepRollouts(ctx, state, now))) return await wakeUp(ctx, now);
  // The whole table is looked at only when nothing came, since everybody writes into it.
  const isMore = reports.length > 0 || (await ctx.db.query("reports").first()) !== null;
  if (isMore) await wakeToCount(ctx);
}

/** Gives up a report at which every run has failed, so that the others are counted. */
async function drop(
  ctx: FleetMutationCtx,
  { _id, machineId }: FleetRow<"reports">,
  state: RunState,
): Promise<void> {
  console.error(
    `Cannot count a report of machine ${machineId}: dropped after ${state.faults} faults`,
  );
  await ctx.db.delete(_id);
  await noteRun(ctx, { ...state, faults: LAST_TRY });
}

/** Lets rollouts go on from where the run before had to stop; false if this one has to, too. */
async function stepRollouts(ctx: FleetMutationCtx, state: RunState, now: number): Promise<boolean> {
  const running = await ctx.db
    .query("rollouts")
    .withIndex("by_mode", (q) => q.eq("mode", "running").gt("_creationTime", state.steppedTo))
    .take(MAX_ROLLOUTS);
  let { nextAt } = state;
  let steps = 0;
  for (const [index, rollout] of running.entries()) {
    const { plan, policy, _creationTime: steppedTo } = rollout;
    const next = plan === null ? await stepRollout(ctx, rollout) : null;
    if (next !== null) nextAt = nextAt === null ? next : Math.min(nextAt, next);
    steps += ROLLOUT_STEPS + RING_STEPS * policy.rings.length;
    const isLast = index === running.length - 1 && running.length < MAX_ROLLOUTS;
    if (isLast || (steps < MAX_STEPS && index < MAX_ROLLOUTS - 1)) continue;
    await noteRun(ctx, { ...state, steppedTo, nextAt });
    return false;
  }
  if (state.steppedTo > 0) await noteRun(ctx, { ...state, steppedTo: 0, nextAt: null });
  // Never sooner than a moment from now: a time that has passed would be asked about for ever.
  if (nextAt !== null) await wakeUp(ctx, Math.max(nextAt, now + MIN_WAIT_MS));
  return true;
}
