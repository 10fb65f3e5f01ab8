import type { FleetAnswer } from "@tideline/version/fleet";
import type { FleetMutationCtx, FleetRow } from "../fleet-data-model.js";
import { findApproval, findRollout, type ReleaseOf } from "./find-rollout.js";
import { findRingTarget, refreshTarget } from "./refresh-target.js";
import { beginning, schedulePlan } from "./start-rollout.js";
import { supersedeOlder } from "./supersede.js";
import { writeAudit } from "./write-audit.js";

/** What a person decided on. */
export interface Decision extends ReleaseOf {
  readonly decision: "approve" | "reject";
  readonly note: string | null;
  readonly actor: string;
}

/** Lets a release that waits go, or not. The same decision again changes nothing. */
export async function decideApproval(
  ctx: FleetMutationCtx,
  { decision, note, actor, ...of }: Decision,
): Promise<FleetAnswer> {
  const { channel, subsystem, seq } = of;
  const [approval, rollout] = [await findApproval(ctx, of), await findRollout(ctx, of)];
  const refused = (code: "NOT_FOUND" | "NOT_POSSIBLE_NOW", why: string): FleetAnswer => ({
    ...{ ok: false, code },
    message: `Cannot ${decision} release ${seq} of "${subsystem}" in "${channel}": ${why}`,
  });
  if (approval === null || rollout === null) {
    return refused("NOT_FOUND", "nothing waits for approval under this number");
  }
  const state = decision === "approve" ? "approved" : "rejected";
  if (approval.state === state) {
    const generation = (await findRingTarget(ctx, of))?.generation ?? 0;
    return { ok: true, mode: rollout.mode, generation };
  }
  if (approval.state !== "waiting") {
    return refused("NOT_POSSIBLE_NOW", `it was ${approval.state} already`);
  }
  const now = Date.now();
  await ctx.db.patch(approval._id, { state, decidedAt: now, decidedBy: actor, note });
  await writeAudit(ctx, { actor, action: decision, ...of, version: rollout.version, note });
  if (decision === "reject") {
    await ctx.db.patch(rollout._id, { mode: "rejected", note });
    return { ok: true, mode: "rejected", generation: await refreshTarget(ctx, of) };
  }
  await ctx.db.patch(rollout._id, beginning(rollout.policy));
  await supersedeOlder(ctx, (await ctx.db.get(rollout._id)) as FleetRow<"rollouts">, actor);
  await schedulePlan(ctx, rollout._id);
  return { ok: true, mode: "running", generation: await refreshTarget(ctx, of) };
}
