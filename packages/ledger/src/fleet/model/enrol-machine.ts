import type { FleetId, FleetMutationCtx, FleetRow } from "../fleet-data-model.js";
import { leaveRollouts } from "./leave-rollouts.js";
import { writeAudit } from "./write-audit.js";

// Far above the 100 or so that a machine is believed.
const MAX_INSTALLS = 1_000;

/** Who wants to join. */
export type Enrolment = Pick<FleetRow<"machines">, "publicKey" | "name" | "channel" | "platform">;

/**
 * Takes a machine into the fleet. The same key again is the same machine: it keeps its id and when
 * it joined, and has the name, channel and platform of the newest enrolment.
 */
export async function enrolMachine(
  ctx: FleetMutationCtx,
  enrolment: Enrolment,
): Promise<{ readonly machineId: FleetId<"machines">; readonly enrolledAt: number }> {
  const { publicKey, name, channel } = enrolment;
  const known = await ctx.db
    .query("machines")
    .withIndex("by_key", (q) => q.eq("publicKey", publicKey))
    .unique();
  if (known !== null) {
    const isMoved = known.channel !== channel;
    if (isMoved) await leaveRollouts(ctx, known);
    await ctx.db.patch(known._id, { ...enrolment, ...(isMoved && { movedAt: Date.now() }) });
    if (isMoved) await moveInstalls(ctx, known._id, channel);
    return { machineId: known._id, enrolledAt: known.enrolledAt };
  }
  const enrolledAt = Date.now();
  const machineId = await ctx.db.insert("machines", { ...enrolment, enrolledAt });
  await writeAudit(ctx, { actor: `machine:${machineId}`, action: "enrol", channel, note: name });
  return { machineId, enrolledAt };
}

async function moveInstalls(
  ctx: FleetMutationCtx,
  machineId: FleetId<"machines">,
  channel: string,
): Promise<void> {
  const installs = await ctx.db
    .query("installs")
    .withIndex("by_machine", (q) => q.eq("machineId", machineId))
    .take(MAX_INSTALLS);
  for (const { _id } of installs) await ctx.db.patch(_id, { channel });
}
