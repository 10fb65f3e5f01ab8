/** A way back to nothing, and one to what must not run any more. */
import { access } from "node:fs/promises";
import { dirname } from "node:path";
import {
  type CrashWork,
  crashAll,
  type EngineMachine,
  FileHost,
  type Published,
  RecordingLedger,
  ReleaseLine,
  startMachine,
} from "@tideline/testing/engine-rig";
import { SignedFleet } from "@tideline/testing/signed-fleet";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Supervisor, SupervisorError } from "../supervise/supervisor.js";
import { readLive } from "../swap/read-live.js";
import { readVersionFile } from "../swap/version-file.js";
import { trustOf } from "../trust/trust-state.js";
import { deny, readDenied } from "./denied.js";
import { readJournal } from "./journal.js";
import { readOutcomes } from "./outcome.js";
import { recover } from "./recover.js";

let host: FileHost;
let line: ReleaseLine;
let ledger: RecordingLedger;
let machines: EngineMachine[];

beforeEach(async () => {
  host = await FileHost.start();
  line = new ReleaseLine(new SignedFleet(), host);
  ledger = new RecordingLedger();
  machines = [];
});
afterEach(async () => {
  await Promise.all(machines.map((machine) => machine.dispose()));
  await host.close();
});

async function newMachine(): Promise<EngineMachine> {
  // What ends at its start is started again so late that it is seen to have ended.
  const pace = { readyTimeoutMs: 1_000, backOffMs: 60_000 };
  const machine = await startMachine({ line, ledger, names: ["nats"], ...pace });
  machines.push(machine);
  return machine;
}

/** Its calls, for one of them to be another. */
function bound(supervisor: Supervisor): Supervisor {
  return {
    kind: supervisor.kind,
    inspect: (...args) => supervisor.inspect(...args),
    restart: (...args) => supervisor.restart(...args),
    start: (...args) => supervisor.start(...args),
    watch: (...args) => supervisor.watch(...args),
    logs: (...args) => supervisor.logs(...args),
  };
}

async function expectNothing(machine: EngineMachine): Promise<void> {
  const live = machine.live("nats");
  expect(await readLive(live)).toEqual({ state: "absent" });
  expect(await readVersionFile(dirname(live))).toMatchObject({ state: "absent" });
  expect((await machine.inspect("nats")).isRunning).toBe(false);
  expect(await readJournal(machine.config.state, "nats")).toBeNull();
}

describe("a first installation that is not well", () => {
  test("is taken back to nothing, and the release that has settled before it is installed", async () => {
    const machine = await newMachine();
    await machine.listen();
    const settled = line.publish("nats", 1);
    const bad = line.publish("nats", 2, { variant: "never-ready" });
    const outcome = await machine.update("nats", bad.target);
    expect(outcome).toMatchObject({ state: "rolled-back", reason: "NOT_READY", restored: null });
    await expectNothing(machine);
    expect(ledger.reports.at(-1)).toMatchObject({ state: "rolled-back", runningSha256: null });
    expect(Object.keys(await readDenied(machine.config.state))).toEqual([bad.sha256]);
    expect(await machine.update("nats", bad.target)).toMatchObject({ reason: "DENIED" });

    machine.clock.now += 3_600_000;
    expect(await machine.update("nats", settled.target)).toMatchObject({ state: "committed" });
    expect(await machine.runs("nats")).toBe(settled.sha256);
    const { trust } = await machine.deps();
    expect(trustOf(trust.state, "nats").seq).toBe(1);
  });

  test("is ended also where its supervisor is away for a moment, and somebody is called where it stays so", async () => {
    const machine = await newMachine();
    await machine.listen();
    const { supervisor } = await machine.deps();
    let left = 2;
    const away: Supervisor = {
      ...bound(supervisor),
      async stop(...args) {
        left -= 1;
        if (left >= 0) throw new SupervisorError("unreachable", "nobody answers");
        await supervisor.stop?.(...args);
      },
    };
    const bad = line.publish("nats", 2, { variant: "never-ready" });
    const outcome = await machine.update("nats", bad.target, { supervisor: away });
    expect(outcome).toMatchObject({ state: "rolled-back", reason: "NOT_READY" });
    await expectNothing(machine);

    left = Number.POSITIVE_INFINITY;
    const other = line.publish("nats", 3, { variant: "never-ready" });
    const stuck = await machine.update("nats", other.target, { supervisor: away });
    expect(stuck).toMatchObject({ state: "needs-operator", reason: "SUPERVISOR_UNREACHABLE" });
    expect("detail" in stuck && stuck.detail).toContain("its process may run on: nobody answers");
    expect((await machine.inspect("nats")).isRunning).toBe(true);
    expect(await readLive(machine.live("nats"))).toEqual({ state: "absent" });
    expect(ledger.reports.at(-1)).toMatchObject({ state: "needs-operator", runningSha256: null });
    // What is well takes its place.
    expect(await machine.update("nats", line.publish("nats", 4).target)).toMatchObject({
      state: "committed",
    });
  });

  test("is taken back also where its process is killed at any step of that", async () => {
    const bad = line.publish("nats", 2, { variant: "crash-at-start" });
    const steps = ["rolling-back", "taken-away", "denied", "rolled-back", "told"];
    const jobs = await Promise.all(
      steps.map(async (crashAt): Promise<CrashWork> => {
        const machine = await newMachine();
        await machine.listen();
        const { config, clock } = machine;
        const { target } = bad;
        return { config, subsystem: "nats", action: "update", target, now: clock.now, crashAt };
      }),
    );
    for (const [index, result] of (await crashAll(jobs)).entries()) {
      expect(result, steps[index]).toMatchObject({ crashed: true, error: null });
    }
    for (const machine of machines) {
      await recover(await machine.deps(), { signal: new AbortController().signal });
      await expectNothing(machine);
      expect(Object.keys(await readDenied(machine.config.state))).toEqual([bad.sha256]);
    }
  });
});

describe("a binary that somebody puts in the place of a first installation", () => {
  let own: Published;
  beforeEach(() => {
    own = line.publish("nats", 9, { variant: "ignores-sigterm" });
  });

  async function expectLeft(machine: EngineMachine): Promise<void> {
    expect(await machine.runs("nats")).toBe(own.sha256);
    expect(await readJournal(machine.config.state, "nats")).toBeNull();
    expect(ledger.reports.at(-1)).toMatchObject({ reason: "DRIFTED", runningSha256: own.sha256 });
    const { live } = await readOutcomes(machine.config.state, "nats");
    expect(live).toMatchObject({ state: "needs-operator", reason: "DRIFTED" });
  }

  test("while it is watched stays, and so does its service, and somebody is called", async () => {
    const machine = await newMachine();
    await machine.listen();
    const bad = line.publish("nats", 2, { variant: "never-ready" });
    const outcome = await machine.update("nats", bad.target, {
      atStep: (step) => (step === "gating" ? machine.replace("nats", own) : undefined),
    });
    expect(outcome).toMatchObject({ state: "needs-operator", reason: "DRIFTED" });
    await expectLeft(machine);
    expect((await machine.inspect("nats")).isRunning).toBe(true);
    expect(await machine.update("nats", bad.target)).toMatchObject({ state: "refused" });
    expect(await machine.runs("nats")).toBe(own.sha256);
  });

  test("while its service is stopped stays", async () => {
    const machine = await newMachine();
    await machine.listen();
    const { supervisor } = await machine.deps();
    const stopping: Supervisor = {
      ...bound(supervisor),
      async stop(...args) {
        await supervisor.stop?.(...args);
        await machine.replace("nats", own);
      },
    };
    const bad = line.publish("nats", 2, { variant: "crash-at-start" });
    const outcome = await machine.update("nats", bad.target, { supervisor: stopping });
    expect(outcome).toMatchObject({ state: "needs-operator", reason: "DRIFTED" });
    await expectLeft(machine);
  });

  test("after a crash on its way back stays", async () => {
    const machine = await newMachine();
    await machine.listen();
    const { config, clock } = machine;
    const { target } = line.publish("nats", 2, { variant: "crash-at-start" });
    const crashAt = "rolling-back";
    const job = { config, subsystem: "nats", action: "update", target, now: clock.now } as const;
    expect(await crashAll([{ ...job, crashAt }])).toMatchObject([{ crashed: true }]);
    await machine.replace("nats", own);
    await recover(await machine.deps(), { signal: new AbortController().signal });
    await expectLeft(machine);
  });
});

test("what runs and is denied is not called what it should be", async () => {
  const machine = await newMachine();
  const first = line.publish("nats", 1);
  await machine.plant("nats", first);
  await machine.startServices();
  const denial = { subsystem: "nats", version: "1.0.1", reason: "EXITED", at: 0 } as const;
  await deny(machine.config.state, [first.sha256], denial);
  const outcome = await machine.update("nats", first.target);
  expect(outcome).toMatchObject({ state: "refused", reason: "DENIED" });
});

test("a release that revokes the version before and is not well goes back to it, and calls somebody", async () => {
  const machine = await newMachine();
  const first = line.publish("nats", 1);
  await machine.plant("nats", first);
  await machine.startServices();
  const bad = line.publish("nats", 2, {
    variant: "never-ready",
    change: { revoked: [first.sha256] },
  });
  const outcome = await machine.update("nats", bad.target);
  expect(outcome).toMatchObject({ state: "needs-operator", reason: "REVOKED" });
  expect(await machine.runs("nats")).toBe(first.sha256);
  await access(machine.live("nats"));
  const { isRunning, isReady } = await machine.inspect("nats");
  expect({ isRunning, isReady }).toEqual({ isRunning: true, isReady: true });
  expect(ledger.reports.at(-1)).toMatchObject({ state: "needs-operator", reason: "REVOKED" });
  const { live } = await readOutcomes(machine.config.state, "nats");
  expect(live?.detail).toContain("NOT_READY");
  expect(live?.detail).toContain("1.0.1 runs again, and it was revoked");
  const fixed = line.publish("nats", 3);
  machine.clock.now += 3_600_000;
  expect(await machine.update("nats", fixed.target)).toMatchObject({ state: "committed" });
});
