import type { FleetQueryCtx, FleetRow } from "../fleet-data-model.js";

/** A release in a channel. */
export interface ReleaseOf {
  readonly channel: string;
  readonly subsystem: string;
  readonly seq: number;
}

/** Finds how a release goes through a channel, or null. */
export async function findRollout(
  ctx: FleetQueryCtx,
  { channel, subsystem, seq }: ReleaseOf,
): Promise<FleetRow<"rollouts"> | null> {
  return await ctx.db
    .query("rollouts")
    .withIndex("by_seq", (q) => q.eq("channel", channel).eq("subsystem", subsystem).eq("seq", seq))
    .unique();
}

/** Finds the newest release of a subsystem in a channel, whatever became of it. */
export async function newestRollout(
  ctx: FleetQueryCtx,
  { channel, subsystem }: Omit<ReleaseOf, "seq">,
): Promise<FleetRow<"rollouts"> | null> {
  return await ctx.db
    .query("rollouts")
    .withIndex("by_seq", (q) => q.eq("channel", channel).eq("subsystem", subsystem))
    .order("desc")
    .first();
}

/**
 * Finds what a channel has under a number; another channel may have other bytes under it, for a
 * token of one channel decides nothing in another.
 */
export async function findRelease(
  ctx: FleetQueryCtx,
  of: ReleaseOf,
): Promise<FleetRow<"releases"> | null> {
  const rollout = await findRollout(ctx, of);
  return rollout === null ? null : await ctx.db.get(rollout.releaseId);
}

/** Finds what had to be approved of a release, or null if nothing had. */
export async function findApproval(
  ctx: FleetQueryCtx,
  { channel, subsystem, seq }: ReleaseOf,
): Promise<FleetRow<"approvals"> | null> {
  return await ctx.db
    .query("approvals")
    .withIndex("by_seq", (q) => q.eq("channel", channel).eq("subsystem", subsystem).eq("seq", seq))
    .unique();
}

/** Gives the numbers of a rollout's rings, in order; none before its machines were counted. */
export async function findStats(
  ctx: FleetQueryCtx,
  { _id }: Pick<FleetRow<"rollouts">, "_id">,
): Promise<FleetRow<"stats">[]> {
  return await ctx.db
    .query("stats")
    .withIndex("by_rollout", (q) => q.eq("rolloutId", _id))
    .collect();
}
