import type { FleetId, FleetQueryCtx, FleetRow } from "../fleet-data-model.js";

/** Finds what a machine runs of a subsystem, or null if it never said so. */
export async function findInstall(
  ctx: FleetQueryCtx,
  machineId: FleetId<"machines">,
  subsystem: string,
): Promise<FleetRow<"installs"> | null> {
  return await ctx.db
    .query("installs")
    .withIndex("by_machine", (q) => q.eq("machineId", machineId).eq("subsystem", subsystem))
    .unique();
}
