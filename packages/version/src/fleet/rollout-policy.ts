/** How a release goes through a fleet, ring by ring. What follows from the counts: decide-rollout.ts. */

/** The machines that go at the same time. */
export interface RolloutRing {
  readonly name: string;
  /** Part of the fleet that may go once it is open, the rings before it included; 0 to 1. */
  readonly share: number;
  /** It is at least this many machines, where the fleet has them. Only for the first ring. */
  readonly atLeast: number;
  /** Part of the machines with an outcome that must be well before the next ring opens. */
  readonly minSuccess: number;
  /** How many machines must have an outcome: the larger of a part of the ring and a number, and never more than the ring has. */
  readonly minResponders: { readonly share: number; readonly floor: number };
  /** How many may fail or vanish before everything stops: the larger of a part of the ring and a number. */
  readonly maxFailures: { readonly share: number; readonly floor: number };
  /** How long it is looked at after enough machines have an outcome. */
  readonly bakeMs: number;
}

/** The rings, in their order; the last one has share 1. */
export interface RolloutPolicy {
  readonly rings: readonly RolloutRing[];
  /** What is left of every `bakeMs` for a critical release, 0 to 1. */
  readonly criticalBake: number;
  /** A machine that began and says nothing for so long has vanished. Longer than download, gate and soak take. */
  readonly outcomeWithinMs: number;
}

const MINUTE = 60_000;

/**
 * Canaries (5 machines or 1 %, whichever is more), then 10 %, 50 % and all.
 *
 * Of few canaries one failure stops everything. Later rings bear 2 %, and 2 machines in any case.
 */
export const DEFAULT_ROLLOUT_POLICY: RolloutPolicy = {
  rings: [
    {
      name: "canaries",
      share: 0.01,
      atLeast: 5,
      minSuccess: 0.95,
      minResponders: { share: 0.5, floor: 3 },
      maxFailures: { share: 0.02, floor: 0 },
      bakeMs: 60 * MINUTE,
    },
    laterRing("10 %", 0.1),
    laterRing("50 %", 0.5),
    laterRing("everybody", 1),
  ],
  criticalBake: 0.1,
  // A large download over a slow line, 30 s to be ready, 60 s of soaking, and the report's way.
  outcomeWithinMs: 30 * MINUTE,
};

function laterRing(name: string, share: number): RolloutRing {
  return {
    name,
    share,
    atLeast: 0,
    minSuccess: 0.95,
    // Many machines sleep; a fifth of a ring says enough, and waiting for more would take days.
    minResponders: { share: 0.2, floor: 3 },
    maxFailures: { share: 0.02, floor: 2 },
    bakeMs: 60 * MINUTE,
  };
}

/**
 * Checks a policy that comes from outside.
 *
 * @throws {RangeError} If there is no ring, something lacks, the shares do not grow to 1, or a number is
 *   no part or no length.
 */
export function checkRolloutPolicy(policy: RolloutPolicy): RolloutPolicy {
  const { rings, criticalBake, outcomeWithinMs } = policy ?? {};
  const fail = (expected: string, found: unknown): never => {
    throw new RangeError(`Cannot use rollout policy: expected ${expected}, got "${found}"`);
  };
  if (!Array.isArray(rings)) fail("a list of rings", JSON.stringify(rings));
  if (rings.length < 1 || rings.length > 16) fail("1 to 16 rings", rings.length);
  if (rings.at(-1)?.share !== 1) fail("a last ring with share 1", rings.at(-1)?.share);
  rings.forEach((ring, index) => {
    if (typeof ring.name !== "string") fail("a name for each ring", ring.name);
    const before = rings[index - 1]?.share ?? 0;
    if (!(ring.share > before && ring.share <= 1)) fail("shares that grow up to 1", ring.share);
    if (!isCount(ring.atLeast)) fail("a whole number as atLeast", ring.atLeast);
    if (index > 0 && ring.atLeast > 0) fail("atLeast in the first ring alone", ring.atLeast);
    if (!isPart(ring.minSuccess)) fail("minSuccess from 0 to 1", ring.minSuccess);
    for (const key of ["minResponders", "maxFailures"] as const) {
      const { share, floor } = ring[key] ?? {};
      if (!isPart(share)) fail(`${key} with a share from 0 to 1`, share);
      if (!isCount(floor)) fail(`${key} with a whole number as floor`, floor);
    }
    if (!isCount(ring.bakeMs)) fail("bakeMs in whole milliseconds", ring.bakeMs);
  });
  if (!isPart(criticalBake)) fail("criticalBake from 0 to 1", criticalBake);
  if (!isCount(outcomeWithinMs) || outcomeWithinMs === 0) {
    fail("outcomeWithinMs in whole milliseconds", outcomeWithinMs);
  }
  return policy;
}

function isPart(value: number): boolean {
  return value >= 0 && value <= 1;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
