import type { FleetAuditEntry } from "@tideline/version/fleet";
import type { FleetMutationCtx } from "../fleet-data-model.js";

/** What an act is about; what is left out is null. */
type Act = Pick<FleetAuditEntry, "actor" | "action"> &
  Partial<Pick<FleetAuditEntry, "channel" | "subsystem" | "seq" | "version" | "note">>;

/** Writes down one act, in one transaction with what it did. */
export async function writeAudit(ctx: FleetMutationCtx, act: Act): Promise<void> {
  await ctx.db.insert("audit", {
    ...{ channel: null, subsystem: null, seq: null, version: null, note: null },
    ...act,
    at: Date.now(),
  });
}
