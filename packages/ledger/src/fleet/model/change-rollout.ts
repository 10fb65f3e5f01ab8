import type { FleetAnswer } from "@tideline/version/fleet";
import type { FleetMutationCtx, FleetRow } from "../fleet-data-model.js";
import { findStats } from "./find-rollout.js";
import { findRingTarget, newestIn, refreshTarget, type TargetOf } from "./refresh-target.js";
import { schedulePlan } from "./start-rollout.js";
import { wakeUp } from "./wake-up.js";
import { writeAudit } from "./write-audit.js";

/** What a person wants of the rollout that is on its way. */
export interface RolloutChange extends TargetOf {
  readonly to: "paused" | "running" | "halted";
  /** With `running`: machines of the open ring that have not begun are waited for no longer. */
  readonly withoutSilent: boolean;
  readonly note: string | null;
  readonly actor: string;
}

const ACTIONS = { paused: "pause", running: "resume", halted: "halt" } as const;

/** Pauses, resumes or halts. What is asked for already changes nothing. */
export async function changeRollout(
  ctx: FleetMutationCtx,
  { to, withoutSilent, note, actor, ...target }: RolloutChange,
): Promise<FleetAnswer> {
  const { channel, subsystem } = target;
  const refused = (code: "NOT_FOUND" | "NOT_POSSIBLE_NOW", why: string): FleetAnswer => ({
    ...{ ok: false, code },
    message: `Cannot ${ACTIONS[to]} the rollout of "${subsystem}" in "${channel}": ${why}`,
  });
  const rollout = await findOnItsWay(ctx, target);
  if (rollout === null) {
    const waiting = await newestIn(ctx, target, "waiting-for-approval");
    if (waiting === null) return refused("NOT_FOUND", "there is none on its way");
    return refused("NOT_POSSIBLE_NOW", `release ${waiting.seq} waits for approval`);
  }
  const isWaived = to === "running" && withoutSilent && (await waive(ctx, rollout));
  if (rollout.mode === to && !isWaived) {
    const generation = (await findRingTarget(ctx, target))?.generation ?? 0;
    return { ok: true, mode: to, generation };
  }
  if (rollout.mode === "halted" && to === "paused") {
    return refused("NOT_POSSIBLE_NOW", "it is halted, which is more");
  }
  if (rollout.mode === "halted") await excuse(ctx, rollout);
  const { seq, version } = rollout;
  await ctx.db.patch(rollout._id, { mode: to, note: note ?? NOTES[to], nextStepAt: null });
  await writeAudit(ctx, { actor, action: ACTIONS[to], ...target, seq, version, note });
  if (to === "running") {
    await wakeUp(ctx, Date.now());
    if (rollout.plan !== null) await schedulePlan(ctx, rollout._id);
  }
  return { ok: true, mode: to, generation: await refreshTarget(ctx, target) };
}

const NOTES = {
  paused: "Somebody paused it",
  running: null,
  halted: "Somebody halted it",
} as const;

async function findOnItsWay(
  ctx: FleetMutationCtx,
  target: TargetOf,
): Promise<FleetRow<"rollouts"> | null> {
  for (const mode of ["running", "paused", "halted"] as const) {
    const rollout = await newestIn(ctx, target, mode);
    // There is but one: each new one supersedes those before it.
    if (rollout !== null) return rollout;
  }
  return null;
}

/** Whoever resumes knows of the failures; only what comes on top of them halts it again. */
async function excuse(ctx: FleetMutationCtx, rollout: FleetRow<"rollouts">): Promise<void> {
  for (const { _id, failed, vanished } of await findStats(ctx, rollout)) {
    await ctx.db.patch(_id, { excusedFailed: failed, excusedVanished: vanished });
  }
}

/** Waits no longer for machines that are off, or away; true if there are any. */
async function waive(ctx: FleetMutationCtx, rollout: FleetRow<"rollouts">): Promise<boolean> {
  const row = (await findStats(ctx, rollout)).find(({ ring }) => ring === rollout.ring);
  if (row === undefined) return false;
  const waived = Math.max(0, row.machines - row.underway - row.committed - row.failed);
  if (waived === row.waived) return false;
  await ctx.db.patch(row._id, { waived });
  return true;
}
