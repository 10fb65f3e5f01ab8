import type { FleetMutationCtx } from "../fleet-data-model.js";

/** Forgets a machine, its key and what it runs: whoever has the key is not heard any more. */
export async function removeMachine(ctx: FleetMutationCtx, machineId: string): Promise<boolean> {
  const id = ctx.db.normalizeId("machines", machineId);
  const machine = id === null ? null : await ctx.db.get(id);
  if (machine === null || id === null) return false;
  for (const table of ["installs", "attempts", "presence"] as const) {
    const rows = await ctx.db
      .query(table)
      .withIndex("by_machine", (q) => q.eq("machineId", id))
      .collect();
    for (const { _id } of rows) await ctx.db.delete(_id);
  }
  await ctx.db.delete(id);
  return true;
}
