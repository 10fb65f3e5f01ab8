import { readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import {
  type EngineMachine,
  type EngineMachineOptions,
  FileHost,
  RecordingLedger,
  ReleaseLine,
  startMachine,
} from "@tideline/testing/engine-rig";
import { rawArtifact, SignedFleet } from "@tideline/testing/signed-fleet";
import type { FleetTarget } from "@tideline/version/fleet";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readPrevious } from "../swap/keep-previous.js";
import { createWakeQueue } from "../watch/wake-queue.js";
import { readAttempts } from "./attempts.js";
import { readJournal } from "./journal.js";
import { readOutcomes } from "./outcome.js";
import { addPin, removePin } from "./pins.js";
import { identityOf } from "./process-identity.js";
import { recover } from "./recover.js";
import { UPDATE_STEPS } from "./steps.js";
import { updateSubsystem } from "./update-subsystem.js";

let host: FileHost;
let line: ReleaseLine;
let ledger: RecordingLedger;
let machine: EngineMachine;

beforeEach(async () => {
  host = await FileHost.start();
  line = new ReleaseLine(new SignedFleet(), host);
  ledger = new RecordingLedger();
});
afterEach(async () => {
  await machine.dispose();
  await host.close();
});

/** A machine with release 1 of each service, running. */
async function setUp(options: Partial<EngineMachineOptions> = {}): Promise<void> {
  machine = await startMachine({ line, ledger, names: ["nats"], ...options });
  for (const name of machine.names) await machine.plant(name, line.publish(name, 1));
  await machine.startServices();
}

const never = () => new AbortController().signal;

describe("an update", () => {
  test("is downloaded, tried, swapped in, restarted, watched and committed, in this order", async () => {
    await setUp();
    const before = await machine.runs("nats");
    const next = line.publish("nats", 2);
    const steps: string[] = [];
    const atStep = (step: string) => void steps.push(step);
    const outcome = await machine.update("nats", next.target, { atStep });
    expect(outcome).toEqual({ state: "committed", version: "1.0.2", seq: 2 });
    expect(steps).toEqual(UPDATE_STEPS);
    expect(await machine.runs("nats")).toBe(next.sha256);
    expect(await machine.version("nats")).toBe("1.0.2");
    const previous = await readPrevious(machine.live("nats"));
    expect(previous).toMatchObject({ state: "kept", version: { checksum: before, seq: 1 } });
    expect((await machine.starts("nats")).map((start) => start.split(" ")[1])).toEqual([
      "1.0.1",
      "1.0.2",
    ]);
    expect(ledger.told).toEqual(["nats 2 downloading", "nats 2 soaking", "nats 2 committed"]);
    expect(await readJournal(machine.config.state, "nats")).toBeNull();
  });

  test("is not done again once it runs", async () => {
    await setUp();
    const { target } = line.publish("nats", 2);
    await machine.update("nats", target);
    const requests = host.requests.length;
    expect(await machine.update("nats", target)).toMatchObject({ state: "current", seq: 2 });
    expect(host.requests).toHaveLength(requests);
    expect(await machine.starts("nats")).toHaveLength(2);
  });

  test("of a machine without the binary is a first installation", async () => {
    machine = await startMachine({ line, ledger, names: ["tool"], tools: ["tool"] });
    const first = line.publish("tool", 4, { change: { updateClass: "major" } });
    expect(await machine.update("tool", first.target)).toMatchObject({ state: "committed" });
    expect(await machine.runs("tool")).toBe(first.sha256);
  });

  test("to the bytes that run already only gives them their new number", async () => {
    await setUp();
    const again = line.publish("nats", 5, { version: "1.0.1", change: { reverts: 1 } });
    expect(await machine.update("nats", again.target)).toMatchObject({ state: "current", seq: 5 });
    expect(await machine.starts("nats")).toHaveLength(1);
    expect(ledger.told).toEqual(["nats 5 committed"]);
    expect(await machine.update("nats", again.target)).toMatchObject({ state: "current" });
    expect(ledger.told).toHaveLength(1);
  });

  test("row 14: an explicit revert, older bytes under a higher number, is installed", async () => {
    await setUp();
    const [old] = [await machine.runs("nats")];
    await machine.update("nats", line.publish("nats", 2).target);
    const change = { reverts: 1, updateClass: "major" } as const;
    const revert = line.publish("nats", 3, { version: "1.0.1", change });
    expect(await machine.update("nats", revert.target)).toMatchObject({
      state: "committed",
      seq: 3,
    });
    expect(await machine.runs("nats")).toBe(old);
  });

  test("of a binary that somebody replaced is refused, and goes on once it was adopted", async () => {
    await setUp();
    const stranger = line.publish("nats", 9);
    const { target } = line.publish("nats", 2);
    await machine.plant("nats", stranger);
    const folder = dirname(machine.live("nats"));
    const text = await readFile(join(folder, ".version"), "utf8");
    await writeFile(join(folder, ".version"), text.replace(stranger.sha256, "a".repeat(64)));
    const refused = await machine.update("nats", target);
    expect(refused).toMatchObject({ state: "refused", reason: "DRIFTED" });
    expect(await machine.runs("nats")).toBe(stranger.sha256);
    const deps = await machine.deps();
    const outcome = await updateSubsystem(deps, "nats", target, { signal: never(), adopts: true });
    expect(outcome).toMatchObject({ state: "committed" });
    const previous = await readPrevious(machine.live("nats"));
    expect(previous).toMatchObject({ version: { checksum: stranger.sha256, version: null } });
  });

  test("over a binary that somebody replaced takes its place when it is told to, and keeps it as evidence", async () => {
    await setUp();
    const known = await machine.runs("nats");
    await machine.update("nats", line.publish("nats", 2).target);
    const stranger = line.publish("nats", 9, { variant: "ignores-sigterm" });
    await writeFile(`${machine.live("nats")}.new`, stranger.bytes, { mode: 0o755 });
    await rename(`${machine.live("nats")}.new`, machine.live("nats"));
    // The very release that .version names, too.
    const target = ledger.known?.[0] ?? null;
    const deps = await machine.deps();
    const refused = await updateSubsystem(deps, "nats", target, { signal: never() });
    expect(refused).toMatchObject({ reason: "DRIFTED" });
    const options = { signal: never(), replaces: true };
    const outcome = await updateSubsystem(deps, "nats", target, options);
    expect(outcome).toMatchObject({ state: "committed", seq: 2 });
    const evidence = join(dirname(machine.live("nats")), ".foreign", `nats-${stranger.sha256}`);
    expect(await readFile(evidence)).toEqual(Buffer.from(stranger.bytes));
    // What can be gone back to is what was known before, and not the stranger.
    const previous = await readPrevious(machine.live("nats"));
    expect(previous).toMatchObject({ state: "kept", version: { checksum: known, seq: 1 } });
    expect(machine.log.at(-1)).toBe("nats: 1.0.2 runs, 1.0.1 is kept");
  });

  test("that takes a stranger's place and is not well goes back to what was known before", async () => {
    await setUp();
    const known = await machine.runs("nats");
    await machine.update("nats", line.publish("nats", 2).target);
    const stranger = line.publish("nats", 9, { variant: "ignores-sigterm" });
    await writeFile(`${machine.live("nats")}.new`, stranger.bytes, { mode: 0o755 });
    await rename(`${machine.live("nats")}.new`, machine.live("nats"));
    const { target } = line.publish("nats", 3, { variant: "crash-at-start" });
    ledger.known = [target];
    const options = { signal: never(), replaces: true };
    const outcome = await updateSubsystem(await machine.deps(), "nats", target, options);
    expect(outcome).toMatchObject({ state: "rolled-back", restored: "1.0.1" });
    expect(await machine.runs("nats")).toBe(known);
    expect(await machine.version("nats")).toBe("1.0.1");
  });

  test("that failed holds back neither the fix nor a person who has mended the host", async () => {
    await setUp();
    const second = line.publish("nats", 2);
    const [path = ""] = Object.values(second.manifest.artifacts).flatMap(({ urls }) => urls);
    host.put(new URL(path).pathname, Buffer.from("other bytes"));
    expect(await machine.update("nats", second.target)).toMatchObject({ state: "refused" });
    host.put(new URL(path).pathname, second.bytes);
    const waiting = await machine.update("nats", second.target);
    expect(waiting).toMatchObject({
      reason: "TOO_MANY_ATTEMPTS",
      detail: expect.stringContaining("was tried once in vain; the next try is at 20"),
    });
    const deps = await machine.deps();
    const options = { signal: never(), isAsked: true };
    const asked = await updateSubsystem(deps, "nats", second.target, options);
    expect(asked).toMatchObject({ state: "committed", seq: 2 });
    const broken = line.publish("nats", 3, { variant: "crash-at-start" });
    expect(await machine.update("nats", broken.target)).toMatchObject({ state: "rolled-back" });
    const fix = line.publish("nats", 4);
    expect(await machine.update("nats", fix.target)).toMatchObject({ state: "committed", seq: 4 });
  });

  test("without a supervisor is refused before anything is downloaded, and is no try", async () => {
    await setUp();
    await machine.stopServices();
    const outcome = await machine.update("nats", line.publish("nats", 2).target);
    expect(outcome).toMatchObject({ state: "refused", reason: "SUPERVISOR_UNREACHABLE" });
    expect(host.requests).toEqual([]);
    expect(await readAttempts(machine.config.state)).toEqual({});
  });

  test("that is refused is told once, with reason and sha256 of what runs", async () => {
    await setUp();
    const artifacts = { "linux-riscv64-musl": rawArtifact("for another processor") };
    const { target } = line.publish("nats", 2, { change: { artifacts } });
    for (let time = 0; time < 3; time += 1) await machine.update("nats", target);
    const runningSha256 = await machine.runs("nats");
    const reason = "NO_ARTIFACT";
    expect(ledger.reports).toMatchObject([{ state: "refused", seq: 2, reason, runningSha256 }]);
    const { refused } = await readOutcomes(machine.config.state, "nats");
    expect(refused).toMatchObject({ reason, version: "1.0.2" });
  });

  test("that cannot be downloaded waits ten minutes for the next try", async () => {
    await setUp();
    const next = line.publish("nats", 2);
    const [path = ""] = Object.values(next.manifest.artifacts).flatMap(({ urls }) => urls);
    host.put(new URL(path).pathname, Buffer.from("other bytes"));
    const refused = await machine.update("nats", next.target);
    expect(refused).toMatchObject({ state: "refused", until: machine.clock.now + 600_000 });
    const waiting = await machine.update("nats", next.target);
    expect(waiting).toMatchObject({ state: "waiting", reason: "TOO_MANY_ATTEMPTS" });
    host.put(new URL(path).pathname, next.bytes);
    machine.clock.now += 600_000;
    expect(await machine.update("nats", next.target)).toMatchObject({ state: "committed" });
    expect(await readAttempts(machine.config.state)).toEqual({});
  });

  test("of bytes that do not run here is refused before the swap, and never tried again", async () => {
    await setUp();
    const next = line.publish("nats", 2, { variant: "wrong-version" });
    const refused = await machine.update("nats", next.target);
    expect(refused).toMatchObject({ reason: "EXEC_WRONG_VERSION", until: null });
    expect(await machine.update("nats", next.target)).toMatchObject({ reason: "DENIED" });
    expect(host.requests).toHaveLength(1);
    expect(await machine.starts("nats")).toHaveLength(1);
  });

  test("of bytes that were published as another version than they say is refused, and as their own installed", async () => {
    await setUp();
    const wrong = line.publish("nats", 2, { variant: "wrong-version" });
    expect(await machine.update("nats", wrong.target)).toMatchObject({ state: "refused" });
    expect(await machine.update("nats", wrong.target)).toMatchObject({
      reason: "DENIED",
      detail: expect.stringContaining("`tideline-sync apply nats --now` asks it once more"),
    });
    const own = { version: "1.0.2", change: { version: "0.0.0-other" } };
    const right = line.publish("nats", 3, { variant: "wrong-version", ...own });
    expect(right.sha256).toBe(wrong.sha256);
    expect(await machine.update("nats", right.target)).toMatchObject({ state: "committed" });
  });
});

describe("the last look", () => {
  /** Lets something happen between download and swap, and gives what the update comes to. */
  async function meanwhile(target: FleetTarget, happens: () => void | Promise<void>) {
    const known = await machine.runs("nats");
    const enrolled = { machineId: "m1", enrolledAt: 0 };
    const outcome = await machine.update("nats", target, {
      machine: enrolled,
      atStep: async (step) => {
        if (step === "exec-tested") await happens();
      },
    });
    expect(host.requests).toHaveLength(1);
    expect(await machine.runs("nats")).toBe(known);
    expect(await machine.starts("nats")).toHaveLength(1);
    return outcome;
  }

  test("row 25: a rollout that is paused or halted between download and swap stops there", async () => {
    await setUp();
    const next = line.publish("nats", 2);
    for (const [mode, reason] of [
      ["paused", "PAUSED"],
      ["halted", "HALTED"],
      ["waiting-for-approval", "WAITING_FOR_APPROVAL"],
    ] as const) {
      host.requests.length = 0;
      const outcome = await meanwhile(next.rollout({}), () => {
        ledger.known = [next.rollout({ mode })];
        host.requests.push("looked");
        host.requests.splice(0, host.requests.length, "one download at most");
      });
      expect(outcome).toMatchObject({ state: "waiting", reason });
    }
    // None of these was a try in vain: it goes on as soon as it may.
    const deps = { machine: { machineId: "m1", enrolledAt: 0 } };
    const outcome = await machine.update("nats", next.rollout({}), deps);
    expect(outcome).toMatchObject({ state: "committed" });
  });

  test("stops at a pin, at a release that was replaced, and at a target that is gone", async () => {
    await setUp();
    const next = line.publish("nats", 2);
    const newer = line.publish("nats", 3);
    const pinned = await meanwhile(next.target, () =>
      addPin(machine.config.state, "nats", { why: "asked", version: null, at: 0 }),
    );
    expect(pinned).toMatchObject({ state: "waiting", reason: "PINNED" });
    await removePin(machine.config.state, "nats");
    for (const known of [[newer.target], []]) {
      host.requests.length = 0;
      host.requests.push("downloaded already");
      const outcome = await meanwhile(next.target, () => {
        ledger.known = known;
      });
      expect(outcome).toMatchObject({ state: "waiting", reason: "SUPERSEDED" });
    }
  });

  test("stops at somebody's hand on the live binary", async () => {
    await setUp();
    const { target } = line.publish("nats", 2);
    const stranger = line.publish("nats", 1, { variant: "ignores-sigterm" });
    const outcome = await machine.update("nats", target, {
      atStep: async (step) => {
        if (step === "exec-tested") await machine.plant("nats", stranger);
      },
    });
    expect(outcome).toMatchObject({ state: "refused", reason: "DRIFTED" });
    expect(await machine.runs("nats")).toBe(stranger.sha256);
    // Whoever has said since that it may go on is not told to wait for the next try.
    const tries = (await readAttempts(machine.config.state)).nats;
    expect(tries).toMatchObject([{ seq: 2, reason: "DRIFTED" }]);
    const deps = await machine.deps();
    const asked = await updateSubsystem(deps, "nats", target, { signal: never(), isAsked: true });
    expect(asked).toMatchObject({ state: "committed", seq: 2 });
  });

  test("stops when the supervisor has gone meanwhile", async () => {
    await setUp();
    const { target } = line.publish("nats", 2);
    const known = await machine.runs("nats");
    const outcome = await machine.update("nats", target, {
      atStep: async (step) => {
        if (step === "exec-tested") await machine.stopServices();
      },
    });
    expect(outcome).toMatchObject({ state: "refused", reason: "SUPERVISOR_UNREACHABLE" });
    expect(await machine.runs("nats")).toBe(known);
  });
});

test("row 22: a ledger that refuses every report while a version is watched rolls nothing back", async () => {
  await setUp();
  ledger.failure = new Error("429 Too Many Requests");
  const told: string[] = [];
  ledger.onReport(({ state }) => void told.push(state));
  const outcome = await machine.update("nats", line.publish("nats", 2).target);
  expect(outcome).toMatchObject({ state: "committed" });
  expect(told).toEqual(["downloading", "soaking", "committed"]);
  expect(machine.log.filter((text) => text.includes("429"))).toHaveLength(3);
});

test("row 24: of the releases that come while one is watched, only the newest is installed, after it", async () => {
  await setUp({ soakMs: 400 });
  const [second, third, fourth] = [2, 3, 4].map((seq) => line.publish("nats", seq));
  const deps = await machine.deps();
  const outcomes: unknown[] = [];
  const queue = createWakeQueue(async (name) => {
    const target = ledger.known?.[0] ?? null;
    outcomes.push(await updateSubsystem(deps, name, target, { signal: never() }));
  });
  const offer = (target: FleetTarget | undefined) => {
    ledger.known = target === undefined ? [] : [target];
    return queue.wake("nats", { refresh: false, develop: false, why: "a target" });
  };
  const looks: Promise<void>[] = [];
  ledger.onReport(({ state, seq }) => {
    if (state === "soaking" && seq === 2) looks.push(offer(third?.target), offer(fourth?.target));
  });
  await offer(second?.target);
  await Promise.all(looks);
  expect(outcomes).toMatchObject([
    { state: "committed", seq: 2 },
    { state: "committed", seq: 4 },
  ]);
  expect(host.requests).toHaveLength(2);
  expect(ledger.told.filter((text) => text.startsWith("nats 3"))).toEqual([]);
});

test("row 28: over 20 updates of one of four services the processes of the other three stay", async () => {
  await setUp({ names: ["nats", "arc", "liftbridge", "telegraf"], soakMs: 20 });
  const others = ["arc", "liftbridge", "telegraf"];
  const identities = async () =>
    await Promise.all(
      others.map(async (name) => await identityOf((await machine.inspect(name)).pid ?? 0)),
    );
  const before = await identities();
  for (let seq = 2; seq <= 21; seq += 1) {
    const outcome = await machine.update("nats", line.publish("nats", seq).target);
    expect(outcome).toMatchObject({ state: "committed", seq });
    expect(await identities()).toEqual(before);
  }
  expect(before.every((identity) => identity?.startedAt !== null)).toBe(true);
  expect(await machine.starts("nats")).toHaveLength(21);
  for (const name of others) expect(await machine.starts(name)).toHaveLength(1);
  expect(host.requests.every((request) => request.startsWith("GET /nats-"))).toBe(true);
});

describe("an update that is stopped in order", () => {
  test("before the swap leaves nothing behind but what was downloaded, and is no try", async () => {
    await setUp();
    const { target } = line.publish("nats", 2);
    const known = await machine.runs("nats");
    for (const at of ["planned", "downloading", "verified", "staged"]) {
      const stop = new AbortController();
      const deps = await machine.deps({
        atStep: (step) => {
          if (step === at) stop.abort(new Error("told to end"));
        },
      });
      ledger.known = [target];
      const update = updateSubsystem(deps, "nats", target, { signal: stop.signal });
      await expect(update).rejects.toThrow("told to end");
      expect(await readJournal(machine.config.state, "nats")).toBeNull();
      expect((await readAttempts(machine.config.state)).nats ?? []).toEqual([]);
      expect(await machine.runs("nats")).toBe(known);
    }
    expect(await machine.update("nats", target)).toMatchObject({ state: "committed" });
    expect(host.requests).toHaveLength(1);
  });

  test("while it is watched goes on at the next start, as often as it takes", async () => {
    await setUp({ soakMs: 300 });
    const { target } = line.publish("nats", 2);
    ledger.known = [target];
    const stopAtSoaking = async (
      act: (
        deps: Awaited<ReturnType<EngineMachine["deps"]>>,
        signal: AbortSignal,
      ) => Promise<unknown>,
    ) => {
      const stop = new AbortController();
      const deps = await machine.deps({
        atStep: (step) => {
          if (step === "soaking") stop.abort(new Error("told to end"));
        },
      });
      await expect(act(deps, stop.signal)).rejects.toThrow("told to end");
      expect(await readJournal(machine.config.state, "nats")).toMatchObject({ state: "soaking" });
    };
    await stopAtSoaking((deps, signal) => updateSubsystem(deps, "nats", target, { signal }));
    for (let time = 0; time < 4; time += 1) {
      await stopAtSoaking((deps, signal) => recover(deps, { signal }));
    }
    const outcomes = await recover(await machine.deps(), { signal: never() });
    expect(outcomes.get("nats")).toMatchObject({ state: "committed" });
    expect(await machine.starts("nats")).toHaveLength(2);
  });
});
