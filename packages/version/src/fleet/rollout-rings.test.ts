import { describe, expect, test } from "vitest";
import { DEFAULT_ROLLOUT_POLICY as POLICY } from "./rollout-policy.js";
import { canaryCount, chooseCanaries, mayStart, openToOf, ringOf } from "./rollout-rings.js";

describe("canaries", () => {
  test.each([
    [0, 0],
    [1, 1],
    [4, 4],
    [5, 5],
    [100, 5],
    [599, 5],
    [600, 6],
    [5_000, 50],
  ])("of %i machines there are %i", (machines, canaries) => {
    expect(canaryCount(POLICY, machines)).toBe(canaries);
  });

  test("are the machines with the smallest buckets, and of equals the first by name", () => {
    const machines = [0.9, 0.1, 0.3, 0.2, 0.1, 0.8, 0.5].map((bucket, index) => ({
      machineId: `m-${index}`,
      bucket,
    }));
    expect(chooseCanaries(POLICY, machines)).toEqual(["m-1", "m-4", "m-3", "m-2", "m-6"]);
  });
});

test("openToOf() opens no bucket to the canaries, who are named one by one", () => {
  expect([-1, 0, 1, 2, 3].map((ring) => openToOf(POLICY, ring))).toEqual([0, 0, 0.1, 0.5, 1]);
});

test.each([
  [0.05, true, false, 0],
  [0.99, true, true, 0],
  [0, false, false, 1],
  [0.0999, false, false, 1],
  [0.1, false, false, 2],
  [0.5, false, false, 3],
  [0.9999, false, false, 3],
  [0.05, false, true, 3],
])("a machine at %f (canary: %s, late: %s) is in ring %i", (bucket, isCanary, isLate, ring) => {
  expect(ringOf(POLICY, { bucket, isCanary, isLate })).toBe(ring);
});

describe("mayStart()", () => {
  const machine = { machineId: "m-1", bucket: 0.25, enrolledAt: 1_000 };
  const rollout = {
    mode: "running" as const,
    openTo: 0.5,
    canaries: ["m-9"],
    startedAt: 2_000,
    ring: 2,
  };

  test.each<[string, Parameters<typeof mayStart>[0], Parameters<typeof mayStart>[1], boolean]>([
    ["its bucket is open", rollout, machine, true],
    ["its bucket is not open", { ...rollout, openTo: 0.25 }, machine, false],
    ["it is a canary", { ...rollout, openTo: 0, ring: 0 }, { ...machine, machineId: "m-9" }, true],
    ["it is none", { ...rollout, openTo: 0, ring: 0 }, { ...machine, bucket: 0 }, false],
    ["no ring is open", { ...rollout, ring: -1 }, { ...machine, machineId: "m-9" }, false],
    ["it came late", rollout, { ...machine, enrolledAt: 2_001 }, false],
    [
      "it came late and everybody may",
      { ...rollout, openTo: 1 },
      { ...machine, enrolledAt: 3_000 },
      true,
    ],
    ["the rollout is paused", { ...rollout, mode: "paused" }, machine, false],
    ["the rollout is halted", { ...rollout, mode: "halted", openTo: 1 }, machine, false],
    [
      "a canary's rollout is halted",
      { ...rollout, mode: "halted" },
      { ...machine, machineId: "m-9" },
      false,
    ],
    [
      "it waits for approval",
      { ...rollout, mode: "waiting-for-approval", openTo: 1 },
      machine,
      false,
    ],
    ["it is completed", { ...rollout, mode: "completed" }, { ...machine, bucket: 0.99 }, true],
  ])("%s", (_, given, asking, expected) => {
    expect(mayStart(given, asking)).toBe(expected);
  });
});
