/** Takes a machine out of the numbers of its channel's rollouts: nobody waits for one that is gone. */
import { bucketOf, ringOf } from "@tideline/version/fleet";
import type { FleetMutationCtx, FleetRow } from "../fleet-data-model.js";
import { findInstall } from "./find-install.js";
import { findStats } from "./find-rollout.js";
import { refreshTarget } from "./refresh-target.js";
import { beginning, schedulePlan } from "./start-rollout.js";
import { wakeUp } from "./wake-up.js";

// One for each subsystem of a channel; with all that is read for each, far from what a mutation may do.
const MAX_ROLLOUTS = 200;

type Machine = FleetRow<"machines">;
type Rollout = FleetRow<"rollouts">;
type Install = FleetRow<"installs">;

/** Says since when a machine is in its channel; ms since epoch. */
export function joinedAt({ enrolledAt, movedAt }: Machine): number {
  return movedAt ?? enrolledAt;
}

/** To be called before the machine is removed or moved, in the same transaction. */
export async function leaveRollouts(ctx: FleetMutationCtx, machine: Machine): Promise<void> {
  let isLooked = false;
  for (const mode of ["running", "paused", "halted"] as const) {
    const rollouts = await ctx.db
      .query("rollouts")
      .withIndex("in_channel", (q) => q.eq("channel", machine.channel).eq("mode", mode))
      .take(MAX_ROLLOUTS);
    for (const rollout of rollouts) {
      await leave(ctx, machine, rollout);
      isLooked = true;
    }
  }
  if (isLooked) await wakeUp(ctx, Date.now());
}

async function leave(ctx: FleetMutationCtx, machine: Machine, rollout: Rollout): Promise<void> {
  // Who is counted already is known at the end alone, and so they are counted once more.
  if (rollout.plan !== null) {
    return await ctx.db.patch(rollout._id, { plan: beginning(rollout.policy).plan });
  }
  const install = await findInstall(ctx, machine._id, rollout.subsystem);
  const isCounted = install?.countedIn === rollout._id;
  const hasPlace = isInNumbers(machine, rollout, install);
  if (!isCounted && !hasPlace) return;
  const ring = isCounted ? install?.countedRing : await ringOfMachine(machine, rollout);
  const as = isCounted ? install?.countedAs : undefined;
  if (isCounted && install !== null) {
    const none = { countedIn: undefined, countedRing: undefined, countedAs: undefined };
    await ctx.db.patch(install._id, { ...none, countedAt: undefined });
  }
  const stats = await findStats(ctx, rollout);
  const row = stats.find((row) => row.ring === ring);
  if (row === undefined) return;
  const machines = Math.max(0, row.machines - (hasPlace ? 1 : 0));
  const fewer = as === undefined ? {} : { [as]: Math.max(0, row[as] - 1) };
  await ctx.db.patch(row._id, { machines, ...fewer });
  const others = stats.some((other) => other.ring !== 0 && other.machines > 0);
  if (row.ring === 0 && machines === 0 && rollout.ring <= 0 && others) {
    await chooseAnew(ctx, rollout, stats);
  }
}

/** Without a canary left, a ring of nobody would be passed, and the next one would go unproven. */
async function chooseAnew(
  ctx: FleetMutationCtx,
  rollout: Rollout,
  stats: readonly FleetRow<"stats">[],
): Promise<void> {
  for (const { _id } of stats) await ctx.db.delete(_id);
  const { note, plan } = beginning(rollout.policy);
  await ctx.db.patch(rollout._id, { ring: -1, canaries: [], nextStepAt: null, note, plan });
  await refreshTarget(ctx, rollout);
  await schedulePlan(ctx, rollout._id);
}

/** True if the machine was there when the rollout's machines were counted. */
function isInNumbers(machine: Machine, rollout: Rollout, install: Install | null): boolean {
  if (joinedAt(machine) > rollout.startedAt) return false;
  const { counted } = rollout;
  if (counted?.source === "machines") return true;
  return install !== null && (counted === undefined || install._creationTime <= counted.at);
}

async function ringOfMachine({ _id }: Machine, rollout: Rollout): Promise<number> {
  const { policy, canaries, subsystem, version } = rollout;
  return ringOf(policy, {
    bucket: await bucketOf(_id, subsystem, version),
    isCanary: canaries.includes(_id),
    isLate: false,
  });
}
