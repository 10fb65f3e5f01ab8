/** What the fleet hears of a machine that does not install what is open to it. */
import {
  type EngineMachine,
  FileHost,
  RecordingLedger,
  ReleaseLine,
  startMachine,
} from "@tideline/testing/engine-rig";
import { SignedFleet } from "@tideline/testing/signed-fleet";
import { afterEach, beforeEach, expect, test } from "vitest";
import { writeApproval } from "../ledger/approvals.js";

let host: FileHost;
let line: ReleaseLine;
let ledger: RecordingLedger;
let machine: EngineMachine;

beforeEach(async () => {
  host = await FileHost.start();
  line = new ReleaseLine(new SignedFleet(), host);
  ledger = new RecordingLedger();
  const subsystem = () => ({ automatic: "patch" }) as const;
  machine = await startMachine({ line, ledger, names: ["nats"], tools: ["nats"], subsystem });
  await machine.plant("nats", line.publish("nats", 1));
});
afterEach(async () => {
  await machine.dispose();
  await host.close();
});

test("a canary that holds a release back by its own `automatic`, or by a person's word, says so once", async () => {
  const next = line.publish("nats", 2, { version: "1.1.0" });
  const target = next.rollout({ openTo: 0, canaries: ["m1"] });
  const look = () =>
    machine.update("nats", target, { machine: { machineId: "m1", enrolledAt: 0 } });
  for (let time = 0; time < 2; time += 1) {
    expect(await look()).toMatchObject({ state: "waiting", reason: "HELD_HERE", seq: 2 });
  }
  const { state } = machine.config;
  await writeApproval(state, "nats", 2, "reject");
  for (let time = 0; time < 2; time += 1) {
    expect(await look()).toMatchObject({ state: "waiting", reason: "REJECTED" });
  }
  expect(ledger.reports).toMatchObject([
    { state: "refused", seq: 2, reason: "HELD_HERE", detail: expect.stringContaining("automatic") },
    { state: "refused", seq: 2, reason: "REJECTED" },
  ]);
  await writeApproval(state, "nats", 2, "approve");
  expect(await look()).toMatchObject({ state: "committed" });
  expect(ledger.told.at(-1)).toBe("nats 2 committed");
});

test("what waits for the fleet's own word is told to nobody", async () => {
  const next = line.publish("nats", 2);
  for (const change of [{ mode: "waiting-for-approval" }, { mode: "paused" }] as const) {
    expect(await machine.update("nats", next.rollout(change))).toMatchObject({ state: "waiting" });
  }
  expect(ledger.reports).toEqual([]);
});
