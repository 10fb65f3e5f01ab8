/**
 * Counts the machines of each ring and names the canaries before the first ring opens. A page of
 * machines for each call, so that no transaction grows with the fleet.
 */
import { bucketOf, canaryCount, ringOf } from "@tideline/version/fleet";
import type { FleetId, FleetMutationCtx, FleetRow } from "../fleet-data-model.js";
import { joinedAt } from "./leave-rollouts.js";
import { schedulePlan } from "./start-rollout.js";
import { wakeUp } from "./wake-up.js";

const PAGE = 250;
// Every machine of the channel hears their names, so there is an end: 1 % of 100,000 machines.
const MAX_CANARIES = 1_000;

type Rollout = FleetRow<"rollouts">;
type Plan = NonNullable<Rollout["plan"]>;

/** Takes the next page; the last one opens the way for the first ring. */
export async function planRollout(
  ctx: FleetMutationCtx,
  rolloutId: FleetId<"rollouts">,
): Promise<void> {
  const rollout = await ctx.db.get(rolloutId);
  if (rollout === null || rollout.plan === null) return;
  const { plan } = rollout;
  const page = await readPage(ctx, rollout, plan);
  const counted = await count(rollout, plan, page.machines);
  if (!page.isDone) {
    await ctx.db.patch(rolloutId, { plan: { ...counted, cursor: page.cursor } });
    return await schedulePlan(ctx, rolloutId);
  }
  // Nobody has said yet that it has the subsystem, so that anybody may.
  if (counted.source === "installs" && counted.seen === 0) {
    await ctx.db.patch(rolloutId, { plan: { ...counted, source: "machines", cursor: null } });
    return await schedulePlan(ctx, rolloutId);
  }
  await finish(ctx, rollout, counted);
}

interface Page {
  readonly machines: readonly (FleetRow<"machines"> | null)[];
  readonly isDone: boolean;
  readonly cursor: string;
}

async function readPage(
  ctx: FleetMutationCtx,
  { channel, subsystem }: Rollout,
  { source, cursor }: Plan,
): Promise<Page> {
  const options = { numItems: PAGE, cursor };
  if (source === "machines") {
    const { page, isDone, continueCursor } = await ctx.db
      .query("machines")
      .withIndex("by_channel", (q) => q.eq("channel", channel))
      .paginate(options);
    return { machines: page, isDone, cursor: continueCursor };
  }
  const { page, isDone, continueCursor } = await ctx.db
    .query("installs")
    .withIndex("by_channel", (q) => q.eq("channel", channel).eq("subsystem", subsystem))
    .paginate(options);
  const machines = await Promise.all(page.map(({ machineId }) => ctx.db.get(machineId)));
  return { machines, isDone, cursor: continueCursor };
}

async function count(
  { policy, startedAt, subsystem, version }: Rollout,
  plan: Plan,
  machines: Page["machines"],
): Promise<Plan> {
  // Whoever joined later is in the last ring and in nobody's numbers.
  const early = machines.filter((machine) => machine !== null && joinedAt(machine) <= startedAt);
  const placed = await Promise.all(
    early.map(async (machine) => {
      const machineId = String(machine?._id);
      return { machineId, bucket: await bucketOf(machineId, subsystem, version) };
    }),
  );
  const rings = [...plan.rings];
  for (const { bucket } of placed) {
    const ring = ringOf(policy, { bucket, isCanary: false, isLate: false });
    rings[ring] = (rings[ring] ?? 0) + 1;
  }
  const smallest = [...plan.smallest, ...placed]
    .sort((a, b) => a.bucket - b.bucket || (a.machineId < b.machineId ? -1 : 1))
    .slice(0, MAX_CANARIES);
  return { ...plan, rings, smallest, seen: plan.seen + placed.length };
}

async function finish(ctx: FleetMutationCtx, rollout: Rollout, plan: Plan): Promise<void> {
  const { policy } = rollout;
  const canaries = plan.smallest.slice(0, canaryCount(policy, plan.seen));
  const rings = [...plan.rings];
  for (const { bucket } of canaries) {
    const ring = ringOf(policy, { bucket, isCanary: false, isLate: false });
    rings[ring] = (rings[ring] ?? 0) - 1;
  }
  rings[0] = (rings[0] ?? 0) + canaries.length;
  for (const [ring, machines] of rings.entries()) {
    await ctx.db.insert("stats", {
      ...{ rolloutId: rollout._id, ring, machines, openedAt: null, enoughAt: null },
      ...{ underway: 0, committed: 0, failed: 0, declined: 0, vanished: 0, waived: 0 },
      ...{ excusedFailed: 0, excusedVanished: 0 },
    });
  }
  const names = canaries.map(({ machineId }) => machineId);
  const counted = { source: plan.source, at: Date.now() };
  await ctx.db.patch(rollout._id, { canaries: names, plan: null, note: null, counted });
  await wakeUp(ctx, Date.now());
}
