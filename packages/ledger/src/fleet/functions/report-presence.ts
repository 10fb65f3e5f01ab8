import type { MachineAnswer } from "@tideline/version/fleet";
import { mutation } from "../fleet-data-model.js";
import { openCall } from "../model/open-call.js";
import { parseMachineMessage } from "../model/parse-machine-message.js";
import { wakeToCount } from "../model/wake-up.js";
import { machineAnswer, signedCall } from "./fleet-validators.js";

const DOING = "report presence";

/**
 * Takes what a machine says that it runs; on connect, and at most once a day. It is no heartbeat.
 *
 * @returns A `MachineAnswer`; the very same call again has the same answer and does nothing.
 * @throws {ConvexError} UNAUTHENTICATED, INVALID_ARGUMENT; nothing is written.
 */
export const reportPresence = mutation({
  args: signedCall,
  returns: machineAnswer,
  handler: async (ctx, call): Promise<MachineAnswer> => {
    const { machine, answer } = await openCall(ctx, DOING, call);
    if (machine === null) return answer;
    const message = parseMachineMessage(DOING, "presence", call.body);
    if (message.kind !== "presence") return { ok: true };
    const what = { ...message, running: [...message.running] };
    await ctx.db.insert("reports", { machineId: machine._id, at: Date.now(), what });
    await wakeToCount(ctx);
    return { ok: true };
  },
});
