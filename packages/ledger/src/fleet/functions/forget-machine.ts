import { v } from "convex/values";
import { internalMutation } from "../fleet-data-model.js";
import { forgetMachine as forget } from "../model/remove-machine.js";

/** Deletes what a removed machine has said. Called by the scheduler as `fleet:forgetMachine`. */
export const forgetMachine = internalMutation({
  args: { machineId: v.id("machines") },
  returns: v.null(),
  handler: async (ctx, { machineId }) => {
    await forget(ctx, machineId);
    return null;
  },
});
