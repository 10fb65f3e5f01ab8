/** What has to be done once a day, and no more often. */
import type { FleetMutationCtx } from "../fleet-data-model.js";
import { findApproval } from "./find-rollout.js";
import { giveHint } from "./give-hint.js";
import { refreshTarget } from "./refresh-target.js";
import { wakeUp } from "./wake-up.js";
import { writeAudit } from "./write-audit.js";

const DAY_MS = 24 * 60 * 60_000;
const DELIVERIES_KEPT_MS = 30 * DAY_MS;
const ATTEMPTS_KEPT_MS = 180 * DAY_MS;
const BATCH = 500;

/** Deletes what is old, some at a time; true if there may be more. */
export async function deleteOld(ctx: FleetMutationCtx): Promise<boolean> {
  const now = Date.now();
  const deliveries = await ctx.db
    .query("deliveries")
    .withIndex("by_creation_time", (q) => q.lt("_creationTime", now - DELIVERIES_KEPT_MS))
    .take(BATCH);
  const attempts = await ctx.db
    .query("attempts")
    .withIndex("by_told", (q) => q.lt("toldAt", now - ATTEMPTS_KEPT_MS))
    .take(BATCH);
  for (const { _id } of deliveries) await ctx.db.delete(_id);
  for (const { _id } of attempts) await ctx.db.delete(_id);
  return deliveries.length === BATCH || attempts.length === BATCH;
}

/** Ends what no machine would install any more, since its manifest has expired. */
export async function endExpired(ctx: FleetMutationCtx): Promise<void> {
  const now = Date.now();
  for (const mode of ["waiting-for-approval", "running", "paused"] as const) {
    const rollouts = await ctx.db
      .query("rollouts")
      .withIndex("by_mode", (q) => q.eq("mode", mode))
      .take(BATCH);
    for (const rollout of rollouts) {
      const release = await ctx.db.get(rollout.releaseId);
      if (release === null || release.expiresAt > now) continue;
      const isWaiting = mode === "waiting-for-approval";
      const note = "The release has expired; publish it again";
      const ended = isWaiting ? "rejected" : "halted";
      await ctx.db.patch(rollout._id, { mode: ended, note, nextStepAt: null });
      const approval = isWaiting ? await findApproval(ctx, rollout) : null;
      if (approval?.state === "waiting") {
        await ctx.db.patch(approval._id, { state: "expired", decidedAt: now, note });
      }
      const { channel, subsystem, seq, version } = rollout;
      const action = isWaiting ? "reject" : "halt";
      const actor = "rollout";
      await writeAudit(ctx, { actor, action, channel, subsystem, seq, version, note });
      await refreshTarget(ctx, rollout);
    }
  }
}

/**
 * Makes developer machines read every upstream once: GitHub sends nothing when more than three tags
 * are pushed at once, and does not try a failed delivery again.
 */
export async function hintAll(ctx: FleetMutationCtx): Promise<void> {
  const hints = await ctx.db.query("hints").withIndex("by_subsystem").take(BATCH);
  const known = new Set(hints.map(({ subsystem }) => subsystem));
  const upstreams = await ctx.db.query("upstreams").withIndex("by_time").order("desc").take(BATCH);
  for (const { subsystem } of upstreams) known.add(subsystem);
  for (const subsystem of known) await giveHint(ctx, subsystem);
}

/** Lets the rollouts look once more, in case a run of theirs was lost. */
export async function wakeRollouts(ctx: FleetMutationCtx): Promise<void> {
  await wakeUp(ctx, Date.now());
}
