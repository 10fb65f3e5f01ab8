import type { FleetMutationCtx, FleetRow } from "../fleet-data-model.js";
import { findApproval } from "./find-rollout.js";
import { writeAudit } from "./write-audit.js";

/**
 * Ends what a release takes the place of: everything older that is on its way or waits. One that
 * waits for approval itself leaves alone what is on its way, for it may wait long.
 */
export async function supersedeOlder(
  ctx: FleetMutationCtx,
  { channel, subsystem, seq, mode }: FleetRow<"rollouts">,
  actor: string,
): Promise<void> {
  const modes =
    mode === "waiting-for-approval"
      ? (["waiting-for-approval"] as const)
      : (["waiting-for-approval", "running", "paused", "halted"] as const);
  for (const ended of modes) {
    const rows = await ctx.db
      .query("rollouts")
      .withIndex("by_channel_mode", (q) =>
        q.eq("channel", channel).eq("subsystem", subsystem).eq("mode", ended).lt("seq", seq),
      )
      .collect();
    for (const older of rows) {
      const note = `Release ${seq} takes its place`;
      await ctx.db.patch(older._id, { mode: "superseded", note, nextStepAt: null, plan: null });
      await writeAudit(ctx, {
        ...{ actor, action: "supersede", channel, subsystem, note },
        ...{ seq: older.seq, version: older.version },
      });
      const approval = await findApproval(ctx, older);
      if (approval?.state === "waiting") {
        await ctx.db.patch(approval._id, { state: "superseded", decidedAt: Date.now(), note });
      }
    }
  }
}
