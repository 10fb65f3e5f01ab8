import type { RolloutPolicy, RolloutRing } from "./rollout-policy.js";
import { allowedFailures, neededResponders } from "./rollout-rings.js";

/** How the machines of one ring fare. Machines that declined count as if they had not begun. */
export interface RingCounts {
  /** How many belong to it; those of the rings before it do not. */
  readonly machines: number;
  /** Have begun; those below are among them. */
  readonly started: number;
  readonly committed: number;
  readonly failed: number;
  /** Began, and said nothing for `outcomeWithinMs`. No successes: the release may have cut them off. */
  readonly vanished: number;
  /** Of `failed`, those that were there when a person resumed a halted rollout; they halt it no second time. */
  readonly excusedFailed: number;
  /** The same of `vanished`. Whoever counts lowers either with what it is a part of: see {@link capExcuses}. */
  readonly excusedVanished: number;
  /** Of those that have not begun, how many a person waits for no longer. */
  readonly waived: number;
  /** ms since epoch; null while it is closed. */
  readonly openedAt: number | null;
  /** ms since epoch at which {@link neededResponders} had an outcome; null while fewer have. */
  readonly enoughAt: number | null;
}

/** Where a rollout stands. */
export interface RolloutProgress {
  /** Index of the open ring; -1 before the first. */
  readonly ring: number;
  /** One entry for each ring of the policy. */
  readonly counts: readonly RingCounts[];
  readonly isCritical: boolean;
}

/** What happens with a rollout now. */
export type RolloutDecision =
  /** Opens the ring with this index. */
  | { readonly kind: "open"; readonly ring: number }
  /** Nothing yet. `until`: ms since epoch at which to ask again, at the latest; null: at the next report. */
  | {
      readonly kind: "wait";
      readonly for: "responders" | "bake" | "outcomes";
      readonly until: number | null;
    }
  /** Stops, until a person resumes it or a newer release takes its place. */
  | {
      readonly kind: "halt";
      readonly ring: number;
      readonly reason: "failures" | "vanished" | "success-rate";
      /** One sentence. */
      readonly note: string;
    }
  /** Every ring is through: the release is settled. */
  | { readonly kind: "complete" };

/**
 * Decides how a running rollout goes on, from counts alone. Asked every few seconds while it runs;
 * the answer to the same counts is the same, so that a repeat or a restart changes nothing.
 *
 * ```text
 * not begun                                        -> open the first ring
 * any opened ring: failed + vanished above allowed -> halt
 * open ring: too few outcomes                      -> wait for responders
 *            not looked at for long enough         -> wait for the bake to end
 *            success rate too low                  -> halt
 *            nobody is well                        -> wait for responders
 *            so many under way that they could yet
 *            be too many failures                  -> wait for their outcomes
 *            otherwise                             -> open the next ring, or complete
 * ```
 *
 * A ring without machines is passed at once: there is nobody whom waiting would protect. Which mode
 * a rollout is in (paused, halted) is the caller's: it asks only for a running one.
 *
 * @param now ms since epoch, by the clock that set `openedAt` and `enoughAt`.
 * @throws {RangeError} If `counts` is not one entry for each ring.
 */
export function decideRollout(
  policy: RolloutPolicy,
  progress: RolloutProgress,
  now: number,
): RolloutDecision {
  const { ring, counts, isCritical } = progress;
  if (counts.length !== policy.rings.length) {
    throw new RangeError(
      `Cannot decide rollout: expected counts of ${policy.rings.length} rings, got "${counts.length}"`,
    );
  }
  if (ring < 0) return { kind: "open", ring: 0 };
  for (let index = 0; index <= ring && index < counts.length; index++) {
    const halt = tooManyFailures(policy.rings[index], counts[index], index);
    if (halt !== null) return halt;
  }
  const [rules, open] = [policy.rings[ring], counts[ring]];
  if (rules === undefined || open === undefined) return { kind: "complete" };
  const bakeMs = rules.bakeMs * (isCritical ? policy.criticalBake : 1);
  const hold = open.machines === 0 ? null : holdOpenRing(rules, open, ring, bakeMs, now);
  if (hold !== null) return hold;
  return ring + 1 < policy.rings.length ? { kind: "open", ring: ring + 1 } : { kind: "complete" };
}

function tooManyFailures(
  rules: RolloutRing | undefined,
  counts: RingCounts | undefined,
  ring: number,
): RolloutDecision | null {
  if (rules === undefined || counts === undefined) return null;
  const allowed = allowedFailures(rules, counts.machines);
  const bad = newlyBad(counts);
  if (bad <= allowed) return null;
  return {
    kind: "halt",
    ring,
    reason: counts.failed >= counts.vanished ? "failures" : "vanished",
    note: `${counts.failed} failed and ${counts.vanished} vanished of ${counts.machines} machines in "${rules.name}", where ${allowed} may`,
  };
}

/** What keeps the open ring from being passed, or null. */
function holdOpenRing(
  rules: RolloutRing,
  counts: RingCounts,
  ring: number,
  bakeMs: number,
  now: number,
): RolloutDecision | null {
  const responders = counts.committed + counts.failed + counts.vanished;
  if (responders < neededResponders(rules, awaitedMachines(counts))) {
    return { kind: "wait", for: "responders", until: null };
  }
  const until = Math.max(counts.openedAt ?? now, counts.enoughAt ?? now) + bakeMs;
  if (now < until) return { kind: "wait", for: "bake", until };
  const judged = counts.committed + newlyBad(counts);
  if (counts.committed < rules.minSuccess * judged) {
    return {
      kind: "halt",
      ring,
      reason: "success-rate",
      note: `${counts.committed} of ${judged} machines in "${rules.name}" are well, where ${rules.minSuccess * 100} % must be`,
    };
  }
  // A person may excuse every failure; still nobody goes where nobody has been well.
  if (counts.committed === 0) return { kind: "wait", for: "responders", until: null };
  const underway = Math.max(0, counts.started - responders);
  if (newlyBad(counts) + underway > allowedFailures(rules, counts.machines)) {
    return { kind: "wait", for: "outcomes", until: null };
  }
  return null;
}

/** Says how many machines of a ring an outcome is awaited of: all but those whom a person waived and who still are silent. */
export function awaitedMachines({
  machines,
  started,
  waived,
}: Pick<RingCounts, "machines" | "started" | "waived">): number {
  return machines - Math.min(waived, Math.max(0, machines - started));
}

/**
 * Takes back excuses that nothing is left of: a machine that vanished and came back well frees
 * nobody else from being counted.
 */
export function capExcuses({
  failed,
  vanished,
  excusedFailed,
  excusedVanished,
}: Pick<RingCounts, "failed" | "vanished" | "excusedFailed" | "excusedVanished">): Pick<
  RingCounts,
  "excusedFailed" | "excusedVanished"
> {
  return {
    excusedFailed: Math.min(excusedFailed, failed),
    excusedVanished: Math.min(excusedVanished, vanished),
  };
}

// Each for itself: who was excused for having vanished excuses no failure.
function newlyBad({ failed, vanished, excusedFailed, excusedVanished }: RingCounts): number {
  return Math.max(0, failed - excusedFailed) + Math.max(0, vanished - excusedVanished);
}
