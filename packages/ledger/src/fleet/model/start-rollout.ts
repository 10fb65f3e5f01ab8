import type { FunctionReference } from "convex/server";
import { makeFunctionReference } from "convex/server";
import type { FleetId, FleetMutationCtx, FleetRow } from "../fleet-data-model.js";

const PLAN = makeFunctionReference<"mutation">("fleet:planRollout") as unknown as FunctionReference<
  "mutation",
  "internal"
>;

/** The beginning of a rollout: its machines are counted first. */
export function beginning(
  policy: FleetRow<"rollouts">["policy"],
): Pick<FleetRow<"rollouts">, "mode" | "startedAt" | "note" | "plan"> {
  return {
    mode: "running",
    startedAt: Date.now(),
    note: "The machines are being counted",
    plan: {
      ...{ source: "installs", cursor: null, seen: 0, smallest: [] },
      rings: policy.rings.map(() => 0),
    },
  };
}

/** Has the machines of a rollout counted, page by page, in mutations of their own. */
export async function schedulePlan(
  ctx: FleetMutationCtx,
  rolloutId: FleetId<"rollouts">,
): Promise<void> {
  await ctx.scheduler.runAfter(0, PLAN, { rolloutId });
}
