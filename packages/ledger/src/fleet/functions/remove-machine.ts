import { v } from "convex/values";
import { mutation } from "../fleet-data-model.js";
import { authorizeOperator } from "../model/authorize-fleet.js";
import { removeMachine as remove } from "../model/remove-machine.js";

/**
 * Forgets a machine that is gone, stolen or sold: its key is worth nothing from then on.
 *
 * @throws {ConvexError} FLEET_NOT_CONFIGURED, UNAUTHENTICATED.
 */
export const removeMachine = mutation({
  args: { token: v.string(), machineId: v.string() },
  returns: v.object({ ok: v.literal(true), wasThere: v.boolean() }),
  handler: async (ctx, { token, machineId }) => {
    authorizeOperator("remove machine", token, { channel: null, subsystem: null });
    return { ok: true as const, wasThere: await remove(ctx, machineId) };
  },
});
