import type { MachineAnswer } from "@tideline/version/fleet";
import { mutation } from "../fleet-data-model.js";
import { openCall } from "../model/open-call.js";
import { parseMachineMessage } from "../model/parse-machine-message.js";
import { takeReports } from "../model/take-reports.js";
import { machineAnswer, signedCall } from "./fleet-validators.js";

const DOING = "report attempts";

/**
 * Takes what a machine says of its attempts; it writes the machine's own rows and no other.
 *
 * @returns A `MachineAnswer`; the very same call again has the same answer and does nothing.
 * @throws {ConvexError} UNAUTHENTICATED, INVALID_ARGUMENT; nothing is written.
 */
export const reportAttempts = mutation({
  args: signedCall,
  returns: machineAnswer,
  handler: async (ctx, call): Promise<MachineAnswer> => {
    const { machine, answer } = await openCall(ctx, DOING, call);
    if (machine === null) return answer;
    const message = parseMachineMessage(DOING, "reports", call.body);
    if (message.kind === "reports") await takeReports(ctx, machine, message.reports);
    return { ok: true };
  },
});
