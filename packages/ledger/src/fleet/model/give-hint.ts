import type { FleetMutationCtx } from "../fleet-data-model.js";

/** Makes the developer machines read a subsystem's upstream anew. */
export async function giveHint(ctx: FleetMutationCtx, subsystem: string): Promise<void> {
  const at = Date.now();
  const row = await ctx.db
    .query("hints")
    .withIndex("by_subsystem", (q) => q.eq("subsystem", subsystem))
    .unique();
  if (row === null) await ctx.db.insert("hints", { subsystem, sequence: 1, at });
  else await ctx.db.patch(row._id, { sequence: row.sequence + 1, at });
}
