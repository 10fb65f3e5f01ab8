/** Lets one running rollout go as far as its numbers allow, and says when to look again. */
import {
  awaitedMachines,
  capExcuses,
  decideRollout,
  neededResponders,
  type RingCounts,
  type RolloutDecision,
} from "@tideline/version/fleet";
import type { FleetMutationCtx, FleetRow } from "../fleet-data-model.js";
import { findStats } from "./find-rollout.js";
import { refreshTarget } from "./refresh-target.js";
import { writeAudit } from "./write-audit.js";

const ACTOR = "rollout";
// More than any ring bears; so many have already stopped the rollout.
const MAX_VANISHED = 1_000;

type Rollout = FleetRow<"rollouts">;
type Stats = FleetRow<"stats">;

/**
 * Decides again and again until there is something to wait for.
 *
 * @returns ms since epoch of the next look, or null: nothing happens before a report or a person.
 */
export async function stepRollout(ctx: FleetMutationCtx, rollout: Rollout): Promise<number | null> {
  const { policy, isCritical } = rollout;
  const now = Date.now();
  const stats = await findStats(ctx, rollout);
  let { ring } = rollout;
  let silentAt: number | null = null;
  for (const [index, row] of stats.entries()) {
    const isOpen = index <= ring && row.machines > 0;
    const { vanished, nextAt } = isOpen ? await countVanished(ctx, rollout, row, now) : NOBODY;
    const enoughAt = enoughSince(rollout, { ...row, vanished }, now);
    const after = { vanished, enoughAt, ...capExcuses({ ...row, vanished }) };
    silentAt = earlier(silentAt, nextAt);
    const isSame = Object.entries(after).every(([key, value]) => row[key as keyof Stats] === value);
    if (isSame) continue;
    await ctx.db.patch(row._id, after);
    stats[index] = { ...row, ...after };
  }
  for (;;) {
    const counts = stats.map(countsOf);
    const decision = decideRollout(policy, { ring, counts, isCritical }, now);
    if (decision.kind === "open") {
      ring = decision.ring;
      const row = stats[ring];
      // Written for each ring, also one without machines: people see how far it has come.
      if (row !== undefined) {
        stats[ring] = { ...row, openedAt: now };
        await ctx.db.patch(row._id, { openedAt: now });
      }
      const note = policy.rings[ring]?.name ?? null;
      await writeAudit(ctx, { actor: ACTOR, action: "open-ring", ...named(rollout), note });
      continue;
    }
    return await settle(ctx, { ...rollout, ring }, ring !== rollout.ring, decision, silentAt);
  }
}

/**
 * Halts a running rollout in which too many have failed. To be asked while there is more to count:
 * whatever comes, a release that failed so often goes no further before a person has looked.
 */
export async function haltIfFailing(ctx: FleetMutationCtx, rollout: Rollout): Promise<void> {
  const { policy, isCritical, ring, mode } = rollout;
  if (mode !== "running" || rollout.plan !== null) return;
  const stats = await findStats(ctx, rollout);
  const counts = stats.map((row) => countsOf({ ...row, ...capExcuses(row) }));
  const decision = decideRollout(policy, { ring, counts, isCritical }, Date.now());
  // A success rate is known at the end.
  if (decision.kind !== "halt" || decision.reason === "success-rate") return;
  await settle(ctx, rollout, false, decision, null);
}

async function settle(
  ctx: FleetMutationCtx,
  rollout: Rollout,
  hasOpened: boolean,
  decision: Exclude<RolloutDecision, { kind: "open" }>,
  silentAt: number | null,
): Promise<number | null> {
  const { _id, ring, policy, releaseId } = rollout;
  switch (decision.kind) {
    case "wait": {
      const nextStepAt = earlier(decision.until, silentAt);
      const note = `"${policy.rings[ring]?.name}" ${WAITS[decision.for]}`;
      const isSame = !hasOpened && note === rollout.note && nextStepAt === rollout.nextStepAt;
      if (!isSame) await ctx.db.patch(_id, { ring, note, nextStepAt });
      if (hasOpened) await refreshTarget(ctx, rollout);
      return nextStepAt;
    }
    case "halt": {
      const { note } = decision;
      await ctx.db.patch(_id, { ring, mode: "halted", note, nextStepAt: null });
      await refreshTarget(ctx, rollout);
      await writeAudit(ctx, { actor: ACTOR, action: "halt", ...named(rollout), note });
      return null;
    }
    case "complete":
      await ctx.db.patch(_id, { ring, mode: "completed", note: null, nextStepAt: null });
      await refreshTarget(ctx, rollout, releaseId);
      await writeAudit(ctx, { actor: ACTOR, action: "complete", ...named(rollout) });
      return null;
    default:
      return decision satisfies never;
  }
}

const WAITS = {
  responders: "waits for more machines to have an outcome",
  bake: "is well, and is watched for a while",
  outcomes: "waits for the outcome of machines that have begun",
} as const;

const NOBODY = { vanished: 0, nextAt: null };

/** Counts those who began and have said nothing for too long, and says when the next one will. */
async function countVanished(
  ctx: FleetMutationCtx,
  { _id, policy }: Rollout,
  { ring }: Stats,
  now: number,
): Promise<{ vanished: number; nextAt: number | null }> {
  const silentSince = now - policy.outcomeWithinMs;
  const underway = () =>
    ctx.db.query("installs").withIndex("by_counted", (q) => {
      const rows = q.eq("countedIn", _id).eq("countedRing", ring).eq("countedAs", "underway");
      return rows.lte("countedAt", silentSince);
    });
  const vanished = (await underway().take(MAX_VANISHED)).length;
  const next = await ctx.db
    .query("installs")
    .withIndex("by_counted", (q) => {
      const rows = q.eq("countedIn", _id).eq("countedRing", ring).eq("countedAs", "underway");
      return rows.gt("countedAt", silentSince);
    })
    .first();
  const since = next?.countedAt;
  return { vanished, nextAt: since === undefined ? null : since + policy.outcomeWithinMs };
}

function enoughSince({ policy }: Rollout, stats: Stats, now: number): number | null {
  const rules = policy.rings[stats.ring];
  const outcomes = stats.committed + stats.failed + stats.vanished;
  const awaited = awaitedMachines(countsOf(stats));
  if (rules === undefined || outcomes < neededResponders(rules, awaited)) return null;
  return stats.enoughAt ?? now;
}

/** A ring's row as the decision wants it. */
function countsOf(stats: Stats): RingCounts {
  const { machines, underway, committed, failed, vanished, openedAt, enoughAt } = stats;
  const { excusedFailed, excusedVanished, waived } = stats;
  const started = underway + committed + failed;
  return {
    ...{ machines, started, committed, failed, vanished, openedAt, enoughAt },
    ...{ excusedFailed, excusedVanished, waived },
  };
}

function named({ channel, subsystem, seq, version }: Rollout) {
  return { channel, subsystem, seq, version };
}

function earlier(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.min(a, b);
}
