import type { FunctionReference } from "convex/server";
import { makeFunctionReference } from "convex/server";
import type { FleetId, FleetMutationCtx } from "../fleet-data-model.js";
import { leaveRollouts } from "./leave-rollouts.js";

// By path, because the ledger cannot import the generated `api` of the app that re-exports it.
const FORGET = makeFunctionReference<"mutation">(
  "fleet:forgetMachine",
) as unknown as FunctionReference<"mutation", "internal">;

// A machine that was busy, or stolen, has told of more attempts than one mutation may delete.
const BATCH = 500;

/**
 * Forgets a machine and its key: whoever has the key is not heard any more, from this moment on.
 * What it has said is deleted after that, some at a time.
 */
export async function removeMachine(ctx: FleetMutationCtx, machineId: string): Promise<boolean> {
  const id = ctx.db.normalizeId("machines", machineId);
  const machine = id === null ? null : await ctx.db.get(id);
  if (machine === null || id === null) return false;
  await leaveRollouts(ctx, machine);
  await ctx.db.delete(id);
  await ctx.scheduler.runAfter(0, FORGET, { machineId: id });
  return true;
}

/** Deletes some of what a machine that was removed has said, and sees to the rest. */
export async function forgetMachine(
  ctx: FleetMutationCtx,
  machineId: FleetId<"machines">,
): Promise<void> {
  for (const table of ["installs", "attempts", "presence"] as const) {
    const rows = await ctx.db
      .query(table)
      .withIndex("by_machine", (q) => q.eq("machineId", machineId))
      .take(BATCH);
    for (const { _id } of rows) await ctx.db.delete(_id);
    if (rows.length === BATCH) {
      await ctx.scheduler.runAfter(0, FORGET, { machineId });
      return;
    }
  }
}
