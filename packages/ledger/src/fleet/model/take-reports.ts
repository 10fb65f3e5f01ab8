import type { FleetMutationCtx, FleetRow } from "../fleet-data-model.js";
import type { CheckedReport } from "./parse-machine-message.js";
import { wakeToCount } from "./wake-up.js";

/**
 * Takes what a machine says of its attempts, in order. What it has said before (the same state of
 * the same attempt, for the same reason) changes nothing.
 */
export async function takeReports(
  ctx: FleetMutationCtx,
  { _id: machineId }: FleetRow<"machines">,
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
    if (attempt?.told.includes(word)) continue;
    const fields = { subsystem, seq, version, state, reason, detail };
    if (attempt === null) {
      const times = { startedAt: report.at, toldAt: now };
      const more = { told: [word], generation, ...times };
      await ctx.db.insert("attempts", { machineId, ...fields, ...more });
    } else {
      const told = [...attempt.told, word];
      await ctx.db.patch(attempt._id, { ...fields, told, generation, toldAt: now });
    }
    const { runningSha256 } = report;
    const what = { kind: "attempt" as const, ...fields, runningSha256 };
    await ctx.db.insert("reports", { machineId, at: now, what });
  }
  await wakeToCount(ctx);
}
