import type { FleetMutationCtx, FleetRow } from "../fleet-data-model.js";
import type { CheckedReport } from "./parse-machine-message.js";
import { wakeToCount } from "./wake-up.js";

// A machine that goes to and fro has no end of them.
const MAX_TOLD = 20;

/**
 * Takes what a machine says of its attempts, in order. The word that it said last of an attempt (the
 * same state, for the same reason) changes nothing. An older one does: it is well, goes back by
 * hand, and is well again.
 */
export async function takeReports(
  ctx: FleetMutationCtx,
  { _id: machineId, channel: here }: FleetRow<"machines">,
  reports: readonly CheckedReport[],
): Promise<void> {
  const now = Date.now();
  for (const report of reports) {
    const { subsystem, seq, version, state, reason, detail, generation } = report;
    const attempt = await ctx.db
      .query("attempts")
      .withIndex("by_machine", (q) =>
        q.eq("machineId", machineId).eq("subsystem", subsystem).eq("seq", seq),
      )
      .unique();
    const word = reason === null ? state : `${state}:${reason}`;
    // Another channel may have another version under the same number.
    if (attempt?.version === version && attempt.told.at(-1) === word) continue;
    const fields = { subsystem, seq, version, state, reason, detail };
    if (attempt === null) {
      const times = { startedAt: report.at, toldAt: now };
      const more = { told: [word], generation, ...times };
      await ctx.db.insert("attempts", { machineId, ...fields, ...more });
    } else {
      const told = [...attempt.told, word].slice(-MAX_TOLD);
      await ctx.db.patch(attempt._id, { ...fields, told, generation, toldAt: now });
    }
    const { runningSha256 } = report;
    const channel = report.channel ?? here;
    const what = { kind: "attempt" as const, channel, ...fields, runningSha256 };
    await ctx.db.insert("reports", { machineId, at: now, what });
  }
  await wakeToCount(ctx);
}
