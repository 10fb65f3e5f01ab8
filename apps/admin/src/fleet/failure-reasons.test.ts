import type { FleetInstall } from "@tideline/version/fleet";
import { expect, test } from "vitest";
import { failureReasons } from "./failure-reasons.js";
import { sampleInstall, sampleMachine, sampleRollout, sampleSubsystem } from "./sample-fleet.js";

const SUBSYSTEM = sampleSubsystem({ rollout: sampleRollout() });
type Attempt = NonNullable<FleetInstall["attempt"]>;

function tried(name: string, parts: Partial<Attempt>, channel = "stable", subsystem = "nats") {
  const attempt: Attempt = {
    ...{ seq: 7, version: "2.10.25", state: "rolled-back", reason: "NOT_READY" },
    ...{ detail: null, at: 0 },
    ...parts,
  };
  const subsystems = [sampleInstall({ subsystem, attempt })];
  return sampleMachine({ machineId: name, name, channel, subsystems });
}

test("failures of the release on its way are counted by reason, the most frequent first", () => {
  const machines = [
    tried("a", { reason: "EXITED" }),
    tried("b", {}),
    tried("c", {}),
    tried("d", { state: "refused", reason: "ARCHIVE_INVALID" }),
  ];
  expect(failureReasons(SUBSYSTEM, machines)).toEqual([
    { code: "NOT_READY", machines: ["b", "c"] },
    { code: "ARCHIVE_INVALID", machines: ["d"] },
    { code: "EXITED", machines: ["a"] },
  ]);
});

test.each([
  ["another release", tried("a", { seq: 6 })],
  ["another channel", tried("a", {}, "beta")],
  ["another subsystem", tried("a", {}, "stable", "telegraf")],
  ["a machine with a reason of its own", tried("a", { state: "refused", reason: "PINNED" })],
  ["a machine that is well", tried("a", { state: "committed", reason: null })],
  ["a machine that has not tried", sampleMachine()],
])("%s does not count", (_, machine) => {
  expect(failureReasons(SUBSYSTEM, [machine])).toEqual([]);
});
