/** Two processes at one machine, machines that go down again and again, and clocks that jump meanwhile. */
import {
  type CrashWork,
  crashAll,
  type EngineMachine,
  FileHost,
  RecordingLedger,
  ReleaseLine,
  standStill,
  startMachine,
} from "@tideline/testing/engine-rig";
import { SignedFleet } from "@tideline/testing/signed-fleet";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readDenied } from "./denied.js";
import { readJournal } from "./journal.js";
import { readOutcomes } from "./outcome.js";

let host: FileHost;
let line: ReleaseLine;
let machine: EngineMachine;

beforeEach(async () => {
  host = await FileHost.start();
  line = new ReleaseLine(new SignedFleet(), host);
  machine = await startMachine({ line, ledger: new RecordingLedger(), names: ["nats"] });
  await machine.plant("nats", line.publish("nats", 1));
  await machine.startServices();
});
afterEach(async () => {
  await machine.dispose();
  await host.close();
});

function work(change: Partial<CrashWork>): CrashWork {
  const { config, clock } = machine;
  return {
    ...{ config, subsystem: "nats", action: "update", now: clock.now, crashAt: null },
    target: line.publish("nats", 2).target,
    ...change,
  };
}

describe("row 23: of two processes at one subsystem", () => {
  test.each(["downloading", "swap:previous-renamed", "gating", "soaking"])(
    'the second is told so while the first is at "%s", and takes over once that was killed',
    async (crashAt) => {
      const { target } = line.publish("nats", 2);
      const first = await standStill([work({ target, crashAt })]);
      try {
        expect(first.results).toMatchObject([{ crashed: true }]);
        const [second] = await crashAll([work({ target, action: "start" })]);
        expect(second?.outcome).toMatchObject({ state: "waiting", reason: "UPDATE_IN_PROGRESS" });
        expect(second?.steps).toEqual([]);
      } finally {
        await first.kill();
      }
      const [third] = await crashAll([work({ target, action: "start" })]);
      expect(third?.error).toBeNull();
      expect(await machine.version("nats")).toBe("1.0.2");
      expect(await readJournal(machine.config.state, "nats")).toBeNull();
    },
  );

  test("that begin at the same moment one installs, and it is installed once", async () => {
    const { target } = line.publish("nats", 2);
    const two = await Promise.all([standStill([work({ target })]), standStill([work({ target })])]);
    for (const { kill } of two) await kill();
    expect(host.requests).toHaveLength(1);
    expect(await machine.starts("nats")).toHaveLength(2);
    expect(await machine.version("nats")).toBe("1.0.2");
  });
});

test("row 16: a machine that goes down a third time while a version is watched goes back by itself", async () => {
  const bad = line.publish("nats", 2);
  const { target } = bad;
  await crashAll([work({ target, crashAt: "soaking" })]);
  for (let outage = 0; outage < 2; outage += 1) {
    const [result] = await crashAll([work({ target, action: "recover", crashAt: "soaking" })]);
    expect(result?.crashed).toBe(true);
  }
  const [last] = await crashAll([work({ target, action: "recover" })]);
  expect(last?.outcome).toMatchObject({ state: "rolled-back", reason: "INTERRUPTED" });
  expect(await machine.version("nats")).toBe("1.0.1");
  expect(Object.keys(await readDenied(machine.config.state))).toEqual([bad.sha256]);
});

test("row 16: a machine that goes down whenever the version before is started calls somebody", async () => {
  const { target } = line.publish("nats", 2, { variant: "crash-at-start" });
  const crashAt = "old-restarted";
  await crashAll([work({ target, crashAt })]);
  for (let outage = 0; outage < 2; outage += 1) {
    await crashAll([work({ target, action: "recover", crashAt })]);
  }
  const [last] = await crashAll([work({ target, action: "recover", crashAt })]);
  expect(last).toMatchObject({ crashed: false, outcome: { state: "needs-operator" } });
  expect(await machine.version("nats")).toBe("1.0.1");
  const { live } = await readOutcomes(machine.config.state, "nats");
  expect(live).toMatchObject({ reason: "ROLLBACK_FAILED" });
});

describe("row 23: a clock that jumps by a day", () => {
  const DAY = 86_400_000;
  test.each([
    ["ahead", DAY],
    ["back", -DAY],
  ])("%s at every step of an update changes nothing about it", async (_, jump) => {
    const steps = ["downloading", "exec-tested", "swapped", "gating", "soaking"];
    const atStep = (step: string) => {
      if (steps.includes(step)) machine.clock.now += jump;
    };
    // Made yesterday and valid for 90 days: a clock that is days off makes it neither old nor of the future.
    const outcome = await machine.update("nats", line.publish("nats", 2).target, { atStep });
    expect(outcome.state).toBe("committed");
    const bad = line.publish("nats", 3, { variant: "crash-at-start" });
    const back = await machine.update("nats", bad.target, { atStep });
    expect(back.state).toBe("rolled-back");
    for (const now of [-30, -1, 0, 1, 30].map((days) => machine.clock.now + days * DAY)) {
      machine.clock.now = now;
      const again = await machine.update("nats", bad.target);
      expect(again.state).toBe("refused");
    }
    expect(host.requests.filter((request) => request.includes("nats-3"))).toHaveLength(1);
  });
});
