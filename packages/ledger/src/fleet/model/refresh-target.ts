import { openToOf } from "@tideline/version/fleet";
import type { FleetId, FleetMutationCtx, FleetQueryCtx, FleetRow } from "../fleet-data-model.js";

/** One subsystem in one channel. */
export interface TargetOf {
  readonly channel: string;
  readonly subsystem: string;
}

/** Finds what machines are told, or null before the first release. */
export async function findRingTarget(
  ctx: FleetQueryCtx,
  { channel, subsystem }: TargetOf,
): Promise<FleetRow<"ringTargets"> | null> {
  return await ctx.db
    .query("ringTargets")
    .withIndex("by_channel", (q) => q.eq("channel", channel).eq("subsystem", subsystem))
    .unique();
}

/** Finds the newest rollout of a subsystem that is in a mode. */
export async function newestIn(
  ctx: FleetQueryCtx,
  { channel, subsystem }: TargetOf,
  mode: FleetRow<"rollouts">["mode"],
): Promise<FleetRow<"rollouts"> | null> {
  return await ctx.db
    .query("rollouts")
    .withIndex("by_channel_mode", (q) =>
      q.eq("channel", channel).eq("subsystem", subsystem).eq("mode", mode),
    )
    .order("desc")
    .first();
}

/**
 * Derives anew what machines are told, after a rollout has changed: the newest release on its way,
 * else the newest that waits for approval.
 *
 * @param settledId What has reached every ring now; undefined: as before.
 * @returns The target's new generation.
 */
export async function refreshTarget(
  ctx: FleetMutationCtx,
  target: TargetOf,
  settledId?: FleetId<"releases">,
): Promise<number> {
  const shown = await shownRollout(ctx, target);
  const rollout: FleetRow<"ringTargets">["rollout"] =
    shown === null
      ? null
      : {
          releaseId: shown.releaseId,
          mode: shown.mode,
          openTo: openToOf(shown.policy, shown.ring),
          canaries: shown.canaries,
          startedAt: shown.startedAt,
          ring: shown.ring,
        };
  const row = await findRingTarget(ctx, target);
  if (row === null) {
    const { channel, subsystem } = target;
    const fields = { channel, subsystem, settledId: settledId ?? null, rollout };
    await ctx.db.insert("ringTargets", { ...fields, generation: 1 });
    return 1;
  }
  const generation = row.generation + 1;
  await ctx.db.patch(row._id, { generation, rollout, settledId: settledId ?? row.settledId });
  return generation;
}

type Shown = FleetRow<"rollouts"> & {
  mode: NonNullable<FleetRow<"ringTargets">["rollout"]>["mode"];
};

async function shownRollout(ctx: FleetQueryCtx, target: TargetOf): Promise<Shown | null> {
  const onTheirWay = await Promise.all(
    (["running", "paused", "halted"] as const).map((mode) => newestIn(ctx, target, mode)),
  );
  const [newest] = onTheirWay.filter((rollout) => rollout !== null).sort((a, b) => b.seq - a.seq);
  return (newest ?? (await newestIn(ctx, target, "waiting-for-approval"))) as Shown | null;
}
