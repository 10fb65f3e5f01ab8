import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import {
  capExcuses,
  decideRollout,
  type RingCounts,
  type RolloutDecision,
} from "./decide-rollout.js";
import { checkRolloutPolicy, DEFAULT_ROLLOUT_POLICY } from "./rollout-policy.js";

const HOUR = 3_600_000;
const POLICY = DEFAULT_ROLLOUT_POLICY;

const CLOSED: RingCounts = {
  machines: 0,
  started: 0,
  committed: 0,
  failed: 0,
  vanished: 0,
  excusedFailed: 0,
  excusedVanished: 0,
  waived: 0,
  openedAt: null,
  enoughAt: null,
};

/** A ring that opened at 0 and had enough outcomes at once. */
function ring(machines: number, counts: Partial<RingCounts> = {}): RingCounts {
  const { committed = 0, failed = 0, vanished = 0 } = counts;
  return {
    ...CLOSED,
    machines,
    started: committed + failed + vanished,
    openedAt: 0,
    enoughAt: 0,
    ...counts,
  };
}

function decide(
  counts: readonly RingCounts[],
  { now = HOUR, isCritical = false, open = counts.length - 1 } = {},
): RolloutDecision {
  const all = Array.from({ length: POLICY.rings.length }, (_, index) => counts[index] ?? CLOSED);
  return decideRollout(POLICY, { ring: open, counts: all, isCritical }, now);
}

const WELL = ring(50, { committed: 50 });
const halt = (index: number, reason: string) => ({
  kind: "halt",
  ring: index,
  reason,
  note: expect.any(String),
});
const open = (index: number) => ({ kind: "open", ring: index });
const wait = (what: string, until: number | null = null) => ({ kind: "wait", for: what, until });

describe("decideRollout()", () => {
  test.each<[string, readonly RingCounts[], Parameters<typeof decide>[1], object]>([
    ["a rollout that has not begun opens its canaries", [], {}, open(0)],
    ["canaries that have not begun are waited for", [ring(50)], {}, wait("responders")],
    ["half of the canaries are enough", [ring(50, { committed: 25 })], {}, open(1)],
    [
      "fewer than half are not, ever",
      [ring(50, { committed: 24 })],
      { now: 9e9 },
      wait("responders"),
    ],
    ["of five canaries three are enough", [ring(5, { committed: 3 })], {}, open(1)],
    ["of two canaries both are needed", [ring(2, { committed: 1 })], {}, wait("responders")],
    ["canaries are looked at for an hour", [WELL], { now: HOUR - 1 }, wait("bake", HOUR)],
    [
      "the hour begins when enough have an outcome, not when the ring opened",
      [ring(50, { committed: 50, enoughAt: 9 * HOUR })],
      { now: 9.5 * HOUR },
      wait("bake", 10 * HOUR),
    ],
    ["after the hour the next ring opens", [WELL], {}, open(1)],
    [
      "a critical release is looked at for six minutes",
      [WELL],
      { now: HOUR / 10, isCritical: true },
      open(1),
    ],
    ["and no less", [WELL], { now: HOUR / 10 - 1, isCritical: true }, wait("bake", HOUR / 10)],
    ["a critical release begins with the canaries too", [], { isCritical: true }, open(0)],
    ["and waits for them", [ring(50)], { isCritical: true, now: 9e9 }, wait("responders")],
    [
      "one failure of five canaries halts",
      [ring(5, { committed: 4, failed: 1 })],
      { now: 1 },
      halt(0, "failures"),
    ],
    [
      "before the others have an outcome",
      [ring(5, { failed: 1, enoughAt: null })],
      { now: 1 },
      halt(0, "failures"),
    ],
    [
      "one failure of fifty canaries is borne",
      [ring(50, { committed: 49, failed: 1 })],
      {},
      open(1),
    ],
    [
      "two of fifty halt",
      [ring(50, { committed: 48, failed: 2 })],
      { now: 1 },
      halt(0, "failures"),
    ],
    [
      "a vanished canary is no success",
      [ring(5, { committed: 4, vanished: 1 })],
      { now: 1 },
      halt(0, "vanished"),
    ],
    [
      "machines that all vanish halt",
      [ring(50, { vanished: 50 })],
      { now: 1 },
      halt(0, "vanished"),
    ],
    [
      "failed and vanished count together",
      [ring(50, { committed: 48, failed: 1, vanished: 1 })],
      {},
      halt(0, "failures"),
    ],
    [
      "3 % that fail in the second ring halt",
      [WELL, ring(450, { committed: 436, failed: 14 })],
      { now: 1 },
      halt(1, "failures"),
    ],
    ["2 % are borne", [WELL, ring(450, { committed: 441, failed: 9 })], {}, open(2)],
    ["one more is not", [WELL, ring(450, { committed: 440, failed: 10 })], {}, halt(1, "failures")],
    ["a fifth of a later ring is enough", [WELL, ring(450, { committed: 90 })], {}, open(2)],
    ["less is not", [WELL, ring(450, { committed: 89 })], {}, wait("responders")],
    [
      "two failures of a small later ring stop nothing by themselves",
      [WELL, ring(20, { committed: 2, failed: 2 })],
      { now: 1 },
      wait("bake", HOUR),
    ],
    [
      "but what fares so badly goes no further",
      [WELL, ring(20, { committed: 2, failed: 2 })],
      {},
      halt(1, "success-rate"),
    ],
    ["95 % are well enough", [WELL, ring(40, { committed: 38, failed: 2 })], {}, open(2)],
    [
      "machines under way that could yet be too many failures are waited for",
      [WELL, ring(450, { committed: 100, started: 110 })],
      {},
      wait("outcomes"),
    ],
    ["a few of them are not", [WELL, ring(450, { committed: 100, started: 109 })], {}, open(2)],
    [
      "a canary that fails late halts the second ring",
      [ring(50, { committed: 48, failed: 2 }), ring(450, { committed: 450 })],
      {},
      halt(0, "failures"),
    ],
    ["a ring without machines is passed at once", [WELL, ring(0)], { now: 0 }, open(2)],
    ["so is a fleet without machines", [ring(0)], { now: 0 }, open(1)],
    ["the last ring completes the rollout", [WELL, WELL, WELL, WELL], {}, { kind: "complete" }],
    ["not before its hour is over", [WELL, WELL, WELL, WELL], { now: 1 }, wait("bake", HOUR)],
    [
      "what a person has excused halts no second time",
      [ring(5, { committed: 4, failed: 1, excusedFailed: 1 })],
      {},
      open(1),
    ],
    [
      "what nobody survived goes no further, though a person has excused it all",
      [ring(5, { failed: 5, excusedFailed: 5 })],
      { now: 9e9 },
      wait("responders"),
    ],
    [
      "the next failure does",
      [ring(5, { committed: 3, failed: 2, excusedFailed: 1 })],
      {},
      halt(0, "failures"),
    ],
    [
      "an excused machine that came back well counts for nothing else",
      [ring(5, { committed: 5, excusedVanished: 1 })],
      {},
      open(1),
    ],
    [
      "who vanished and is excused excuses no failure",
      [WELL, ring(50, { committed: 9, failed: 9, excusedVanished: 9 })],
      { now: 1 },
      halt(1, "failures"),
    ],
    [
      "canaries that a person waits for no longer are not needed",
      [ring(5, { committed: 2, waived: 3 })],
      {},
      open(1),
    ],
    [
      "but where nobody has been well it goes no further",
      [ring(5, { waived: 5 })],
      { now: 9e9 },
      wait("responders"),
    ],
    [
      "and one of them that begins is waited for again",
      [ring(5, { started: 4, committed: 1, waived: 3 })],
      {},
      wait("responders"),
    ],
  ])("%s", (_, counts, options, expected) => {
    expect(decide(counts, options)).toEqual(expected);
  });

  test("says of a halt how many of how many, and how many may", () => {
    expect(decide([ring(50, { committed: 40, failed: 2, vanished: 1 })])).toMatchObject({
      note: '2 failed and 1 vanished of 50 machines in "canaries", where 1 may',
    });
  });

  test("an excuse is worth no more than what is left of what it excused", () => {
    const before = { excusedFailed: 2, excusedVanished: 9 };
    expect(capExcuses({ failed: 3, vanished: 0, ...before })).toEqual({
      ...{ excusedFailed: 2, excusedVanished: 0 },
    });
  });

  test("the same counts at the same time give the same decision", () => {
    const counts = [WELL, ring(450, { committed: 100 })];
    expect(decide(counts)).toEqual(decide(structuredClone(counts)));
  });

  test("counts of other rings than the policy's are refused", () => {
    const progress = { ring: 0, counts: [WELL], isCritical: false };
    expect(() => decideRollout(POLICY, progress, 0)).toThrow("expected counts of 4 rings");
  });
});

describe("checkRolloutPolicy()", () => {
  test("takes the default", () => {
    expect(checkRolloutPolicy(POLICY)).toBe(POLICY);
  });

  test("takes the one that the ledger's README shows", async () => {
    const readme = await readFile(new URL("../../../ledger/README.md", import.meta.url), "utf8");
    const [, json = ""] = /### The rollout policy[\s\S]*?```json\n([\s\S]*?)```/.exec(readme) ?? [];
    const policy = checkRolloutPolicy(JSON.parse(json));
    expect(policy.rings.map(({ name }) => name)).toEqual(["canaries", "everybody"]);
  });

  const [canaries, ...later] = POLICY.rings;
  test.each<[string, object, string]>([
    ["no rings", { rings: [] }, "1 to 16 rings"],
    ["a number of rings", { rings: 1 }, 'expected a list of rings, got "1"'],
    ["a ring without a name", { rings: [{ share: 1 }] }, "a name for each ring"],
    [
      "a ring that lacks what may fail",
      { rings: POLICY.rings.map(({ maxFailures: _, ...ring }) => ring) },
      "maxFailures with a share",
    ],
    ["an end before everybody", { rings: [canaries] }, "share 1"],
    ["shares that fall", { rings: [...later, canaries, later.at(-1)] }, "shares that grow"],
    ["a part above 1", { rings: [{ ...canaries, minSuccess: 95 }, ...later] }, "minSuccess"],
    ["no number", { rings: [{ ...canaries, minSuccess: Number.NaN }, ...later] }, "minSuccess"],
    ["a bake before it begins", { rings: [{ ...canaries, bakeMs: -1 }, ...later] }, "bakeMs"],
    [
      "a later ring with a least number",
      { rings: [canaries, { ...later[0], atLeast: 9 }, ...later.slice(1)] },
      "first ring alone",
    ],
    ["nobody given time", { outcomeWithinMs: 0 }, "outcomeWithinMs"],
    ["a bake that grows", { criticalBake: 2 }, "criticalBake"],
  ])("refuses %s", (_, changes, message) => {
    expect(() => checkRolloutPolicy({ ...POLICY, ...changes })).toThrow(message);
  });
});
