import type { FleetTarget } from "@tideline/version/fleet";
import type { FleetId, FleetQueryCtx } from "../fleet-data-model.js";

/** Far above what one machine has. */
const MAX_SUBSYSTEMS = 200;

/** Gathers what the machines of a channel are asked to run, from two small tables and no other. */
export async function fleetTargets(ctx: FleetQueryCtx, channel: string): Promise<FleetTarget[]> {
  const rows = await ctx.db
    .query("ringTargets")
    .withIndex("by_channel", (q) => q.eq("channel", channel))
    .take(MAX_SUBSYSTEMS);
  return await Promise.all(
    rows.map(async ({ subsystem, generation, settledId, rollout }): Promise<FleetTarget> => {
      const release = rollout && (await readRelease(ctx, rollout.releaseId));
      return {
        ...{ channel, subsystem, generation },
        settled: settledId && (await readRelease(ctx, settledId)),
        rollout: rollout &&
          release && {
            ...release,
            mode: rollout.mode,
            openTo: rollout.openTo,
            canaries: rollout.canaries,
            startedAt: rollout.startedAt,
            ring: rollout.ring,
          },
      };
    }),
  );
}

async function readRelease(
  ctx: FleetQueryCtx,
  id: FleetId<"releases">,
): Promise<FleetTarget["settled"]> {
  const row = await ctx.db.get(id);
  return row && { release: row.release, seq: row.seq, version: row.version };
}
