import { watch } from "node:fs";
import { mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import {
  type EngineMachine,
  type EngineMachineOptions,
  FileHost,
  type Published,
  RecordingLedger,
  ReleaseLine,
  startMachine,
} from "@tideline/testing/engine-rig";
import { mountTmpfs } from "@tideline/testing/mount-tmpfs";
import type { ServiceProgramOptions } from "@tideline/testing/service-program";
import { SignedFleet } from "@tideline/testing/signed-fleet";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { freePort } from "../../../testing/src/process-compose-rig/index.js";
import type { ServiceState, Supervisor } from "../supervise/supervisor.js";
import { previousPaths } from "../swap/keep-previous.js";
import { adopt } from "./adopt.js";
import { readDenied } from "./denied.js";
import { readJournal } from "./journal.js";
import { type HeldLock, tryLock } from "./lock.js";
import { lockSubsystem, waitForMachine } from "./locks.js";
import { readOutcomes } from "./outcome.js";
import { readPins, removePin } from "./pins.js";
import { recover } from "./recover.js";
import { rollBackByHand } from "./roll-back-by-hand.js";
import { lockPath } from "./state-paths.js";
import { updateSubsystem } from "./update-subsystem.js";

let host: FileHost;
let line: ReleaseLine;
let ledger: RecordingLedger;
let machine: EngineMachine;
let first: Published;

beforeEach(async () => {
  host = await FileHost.start();
  line = new ReleaseLine(new SignedFleet(), host);
  ledger = new RecordingLedger();
});
afterEach(async () => {
  await machine.dispose();
  await host.close();
});

async function setUp(
  options: Partial<EngineMachineOptions> = {},
  old: Partial<ServiceProgramOptions> = {},
): Promise<void> {
  machine = await startMachine({ line, ledger, names: ["nats"], ...options });
  first = line.publish("nats", 1, old);
  await machine.plant("nats", first);
  await machine.startServices();
}

const never = () => new AbortController().signal;

/** Resolves once somebody has asked twice for a lock, and so waits for it. */
function askedTwice(path: string): Promise<void> {
  return new Promise((resolve) => {
    const drafts = new Set<string>();
    const locks = watch(dirname(path), { persistent: false });
    locks.on("change", (_, name) => {
      // Whoever asks makes a file of its own beside the lock.
      if (String(name).startsWith(`${basename(path)}.`)) drafts.add(String(name));
      if (drafts.size < 2) return;
      locks.close();
      resolve();
    });
  });
}

/** As process-compose: its first word after a restart may be of the process before. */
function lagging(supervisor: Supervisor): Supervisor {
  let before: ServiceState | null = null;
  return {
    kind: supervisor.kind,
    inspect: (...args) => supervisor.inspect(...args),
    start: (...args) => supervisor.start(...args),
    logs: (...args) => supervisor.logs(...args),
    async restart(service, signal) {
      before = await supervisor.inspect(service, signal);
      await supervisor.restart(service, signal);
    },
    async watch(service, onState, signal) {
      if (before !== null) onState(before);
      before = null;
      await supervisor.watch(service, onState, signal);
    },
  };
}

interface Failing {
  readonly how: string;
  readonly program: Partial<ServiceProgramOptions>;
  readonly options?: Partial<EngineMachineOptions>;
  /** What happens to the new process once it is watched. */
  readonly whileSoaking?: (pid: number) => void;
  readonly reasons: readonly string[];
}

const FAILING: readonly Failing[] = [
  {
    how: "crashes at its start",
    program: { variant: "crash-at-start" },
    reasons: ["EXITED", "FLAPPING"],
  },
  {
    how: "crashes after a while",
    program: { variant: "crash-later" },
    whileSoaking: (pid) => void process.kill(pid, "SIGUSR1"),
    reasons: ["EXITED", "FLAPPING"],
  },
  {
    how: "is never ready",
    program: { variant: "never-ready" },
    options: { readyTimeoutMs: 400 },
    reasons: ["NOT_READY"],
  },
  {
    how: "is ready, and then not any more",
    program: { variant: "ready-then-not" },
    whileSoaking: (pid) => void process.kill(pid, "SIGUSR2"),
    reasons: ["NOT_READY"],
  },
  {
    how: "is started again and again",
    program: { variant: "good" },
    // Killed from outside: the supervisor starts it again at once.
    whileSoaking: (pid) => void process.kill(pid, "SIGKILL"),
    reasons: ["EXITED", "FLAPPING"],
  },
  {
    how: "ignores SIGTERM, and its own check fails",
    program: { variant: "ignores-sigterm" },
    options: {
      subsystem: ({ notes }) => {
        const check = {
          command: ["/bin/sh", "-c", 'tail -n 1 "$0/starts" | grep -q 1.0.1', notes],
        };
        return { health: { readyTimeoutMs: 600, soakMs: 100, check } };
      },
    },
    reasons: ["CHECK_FAILED"],
  },
];

describe("row 19: a new version that", () => {
  test.each(FAILING)(
    "$how is rolled back by itself, denied, and not tried in 50 restarts",
    async ({ program, options, whileSoaking, reasons }) => {
      await setUp({ soakMs: 5_000, ...options });
      const bad = line.publish("nats", 2, program);
      ledger.onReport(({ state }) => {
        if (state === "soaking") {
          void machine.inspect("nats").then(({ pid }) => pid !== null && whileSoaking?.(pid));
        }
      });
      const outcome = await machine.update("nats", bad.target);
      expect(outcome).toMatchObject({ state: "rolled-back", restored: "1.0.1", seq: 2 });
      expect(reasons).toContain("reason" in outcome && outcome.reason);

      const { pid } = await machine.until("nats", ({ isReady }) => isReady === true);
      expect((await machine.starts("nats")).at(-1)).toBe(`${pid} 1.0.1`);
      expect(await machine.runs("nats")).toBe(first.sha256);
      expect(await machine.version("nats")).toBe("1.0.1");
      expect(Object.keys(await readDenied(machine.config.state))).toEqual([bad.sha256]);
      const report = ledger.reports.at(-1);
      expect(report).toMatchObject({ state: "rolled-back", runningSha256: first.sha256 });
      expect(report?.detail?.length).toBeLessThanOrEqual(1_000);
      const { live } = await readOutcomes(machine.config.state, "nats");
      expect(live?.log.join("\n")).toContain("nats 1.0.2 starts");

      const starts = await machine.starts("nats");
      for (let restart = 0; restart < 50; restart += 1) {
        machine.clock.now += 3_600_000;
        await recover(await machine.deps(), { signal: never() });
        const again = await machine.update("nats", bad.target);
        expect(again).toMatchObject({ state: "refused", reason: "DENIED" });
      }
      expect(host.requests).toHaveLength(1);
      expect(await machine.starts("nats")).toEqual(starts);
      expect((await machine.inspect("nats")).pid).toBe(pid);
      expect(ledger.told.filter((text) => text === "nats 2 refused")).toHaveLength(1);
    },
  );

  test("falls ill is gone back from with one restart, also where the process before is still told after it", async () => {
    await setUp({ soakMs: 5_000 });
    const bad = line.publish("nats", 2, { variant: "ready-then-not" });
    ledger.onReport(({ state }) => {
      if (state !== "soaking") return;
      void machine.inspect("nats").then(({ pid }) => pid !== null && process.kill(pid, "SIGUSR2"));
    });
    const { supervisor } = await machine.deps();
    const outcome = await machine.update("nats", bad.target, { supervisor: lagging(supervisor) });
    expect(outcome).toMatchObject({ state: "rolled-back", reason: "NOT_READY" });
    const versions = (await machine.starts("nats")).map((entry) => entry.split(" ")[1]);
    expect(versions).toEqual(["1.0.1", "1.0.2", "1.0.1"]);
  });

  test("follows one that ends slowly, and holds its port meanwhile, is not blamed for it", async () => {
    const port = await freePort();
    const old = { variant: "ends-slowly", http: true } as const;
    await setUp({ args: () => ["--port", String(port)] }, old);
    const next = line.publish("nats", 2, { http: true });
    expect(await machine.update("nats", next.target)).toMatchObject({ state: "committed" });
    const answer = await fetch(`http://127.0.0.1:${port}/version`);
    expect(await answer.text()).toBe("1.0.2");
  });

  test("never gets the port that another process holds is rolled back, and so is told", async () => {
    const port = await freePort();
    await setUp({ args: () => ["--port", String(port)], readyTimeoutMs: 1_500 });
    const squatter = createServer().listen(port, "127.0.0.1");
    const bad = line.publish("nats", 2, { http: true });
    const outcome = await machine.update("nats", bad.target);
    squatter.close();
    expect(outcome).toMatchObject({ state: "rolled-back" });
    const { live } = await readOutcomes(machine.config.state, "nats");
    expect(live?.log.join("\n")).toContain("EADDRINUSE");
  });
});

describe("row 20: when the version before does not come back either", () => {
  test("somebody is called, nothing is tried again, and a later release may heal it", async () => {
    await setUp({ readyTimeoutMs: 400 });
    const bad = line.publish("nats", 2, { variant: "spoils-data" });
    const outcome = await machine.update("nats", bad.target);
    expect(outcome).toMatchObject({ state: "needs-operator", reason: "ROLLBACK_FAILED" });
    expect(ledger.told.at(-1)).toBe("nats 2 needs-operator");
    expect(machine.log.at(-1)).toContain("Somebody has to come");
    expect(await machine.runs("nats")).toBe(first.sha256);
    expect(await readJournal(machine.config.state, "nats")).toBeNull();

    const told = ledger.told.length;
    for (let restart = 0; restart < 10; restart += 1) {
      await recover(await machine.deps(), { signal: never() });
      expect(await machine.update("nats", bad.target)).toMatchObject({ reason: "DENIED" });
    }
    expect(ledger.told.slice(told)).toEqual(["nats 2 refused"]);
    expect(host.requests).toHaveLength(1);
    const { live } = await readOutcomes(machine.config.state, "nats");
    expect(live).toMatchObject({ state: "needs-operator" });

    await rm(join(machine.notes("nats"), "data"));
    machine.clock.now += 600_000;
    const healed = await machine.update("nats", line.publish("nats", 3).target);
    expect(healed).toMatchObject({ state: "committed" });
    expect((await readOutcomes(machine.config.state, "nats")).live).toMatchObject({
      state: "committed",
    });
  });
});

test("the way back needs neither the release host nor the ledger, and waits for no lock", async () => {
  await setUp({ soakMs: 5_000 });
  const bad = line.publish("nats", 2, { variant: "crash-later" });
  let machineLock: Awaited<ReturnType<typeof tryLock>> = null;
  const outcome = await machine.update("nats", bad.target, {
    fetch: async (...args) => {
      if (ledger.told.includes("nats 2 soaking")) throw new Error("no network");
      return await fetch(...args);
    },
    atStep: async (step) => {
      if (step !== "soaking") return;
      ledger.failure = new Error("no network");
      machineLock = await tryLock(lockPath(machine.config.state, "machine"));
      const { pid } = await machine.inspect("nats");
      process.kill(pid ?? 0, "SIGUSR1");
    },
  });
  expect(machineLock).not.toBeNull();
  expect(outcome).toMatchObject({ state: "rolled-back", restored: "1.0.1" });
});

test("the version before is back while another process stands still at a write, and a stop is heard", async () => {
  await setUp({ readyTimeoutMs: 400 });
  const { state } = machine.config;
  const bad = line.publish("nats", 2, { variant: "never-ready" });
  const path = lockPath(state, "files");
  const stop = new AbortController();
  let files: HeldLock | null = null;
  let asked: Promise<void> | null = null;
  const deps = await machine.deps({
    atStep: async (step) => {
      if (step !== "gating") return;
      files = await tryLock(path);
      asked = askedTwice(path);
    },
  });
  ledger.known = [bad.target];
  const update = updateSubsystem(deps, "nats", bad.target, { signal: stop.signal });
  const stopped = expect(update).rejects.toThrow("Ctrl-C");
  await expect.poll(() => asked, { timeout: 15_000 }).not.toBeNull();
  await asked;
  expect(await machine.runs("nats")).toBe(first.sha256);
  expect((await machine.inspect("nats")).isReady).toBe(true);
  stop.abort(new Error("Ctrl-C"));
  await stopped;
  await (files as HeldLock | null)?.release();
  const outcomes = await recover(await machine.deps(), { signal: never() });
  expect(outcomes.get("nats")).toMatchObject({ state: "rolled-back", reason: "NOT_READY" });
  expect(Object.keys(await readDenied(state))).toEqual([bad.sha256]);
});

test("a version that has filled the disk is gone back from, and the record goes back with it", async (context) => {
  const parent = await mkdtemp(join(tmpdir(), "tideline-full-"));
  const mount = await mountTmpfs(parent, "size=1m", "a rollback on a full disk");
  if (mount === null) return context.skip();
  try {
    await setUp({ parent, soakMs: 300 });
    const bad = line.publish("nats", 2, { variant: "crash-later" });
    const filler = join(machine.folder, "filler");
    const outcome = await machine.update("nats", bad.target, {
      atStep: async (step) => {
        if (step !== "soaking") return;
        await writeFile(filler, Buffer.alloc(2 ** 20)).catch(() => {});
        const { pid } = await machine.inspect("nats");
        process.kill(pid ?? 0, "SIGUSR1");
      },
    });
    expect(machine.log.join("\n")).toContain("DISK_FULL");
    expect(outcome).toMatchObject({ state: "rolled-back", restored: "1.0.1" });
    expect(await machine.runs("nats")).toBe(first.sha256);
    expect(await machine.version("nats")).toBe("1.0.1");
    expect((await machine.inspect("nats")).isRunning).toBe(true);
    expect(await readJournal(machine.config.state, "nats")).toBeNull();
    await rm(filler);
    machine.clock.now += 600_000;
    const next = await machine.update("nats", line.publish("nats", 3).target);
    expect(next).toMatchObject({ state: "committed" });
  } finally {
    await machine.dispose();
    await mount.unmount();
    await rm(parent, { recursive: true });
  }
});

test("a binary that somebody puts there while a new one is watched is kept, and the version before comes up", async () => {
  await setUp({ readyTimeoutMs: 400 });
  const bad = line.publish("nats", 2, { variant: "never-ready" });
  const own = line.publish("nats", 9, { variant: "ignores-sigterm" });
  const outcome = await machine.update("nats", bad.target, {
    atStep: (step) => (step === "gating" ? machine.replace("nats", own) : undefined),
  });
  const kept = join(dirname(machine.live("nats")), ".foreign", `nats-${own.sha256}`);
  const detail = expect.stringContaining(`is kept as "${kept}"`);
  expect(outcome).toMatchObject({ state: "rolled-back", restored: "1.0.1", detail });
  expect(await machine.runs("nats")).toBe(first.sha256);
  expect((await machine.inspect("nats")).isReady).toBe(true);
  expect(await readFile(kept)).toEqual(own.bytes);
});

describe("Show 8: a rollback by hand", () => {
  test("that is stopped has either done and pinned nothing, or is back and pinned", async () => {
    await setUp();
    const next = line.publish("nats", 2);
    await machine.update("nats", next.target);
    const { state } = machine.config;
    // Another subsystem is at its restart: this one waits.
    const other = await waitForMachine(state, never());
    const early = new AbortController();
    const waiting = rollBackByHand(await machine.deps(), "nats", { signal: early.signal });
    early.abort(new Error("Ctrl-C"));
    await expect(waiting).rejects.toThrow("Ctrl-C");
    await other.release();
    expect(await machine.runs("nats")).toBe(next.sha256);
    expect(await readPins(state)).toEqual({});
    expect(await readJournal(state, "nats")).toBeNull();

    const late = new AbortController();
    const deps = await machine.deps({
      atStep: (step) => {
        if (step === "pinned") late.abort(new Error("Ctrl-C"));
      },
    });
    const stopped = rollBackByHand(deps, "nats", { signal: late.signal });
    await expect(stopped).rejects.toThrow("Ctrl-C");
    expect(await machine.runs("nats")).toBe(first.sha256);
    expect(await readPins(state)).toMatchObject({ nats: { why: "rollback", version: "1.0.1" } });
  });

  test("waits for another process that only looks", async () => {
    await setUp();
    await machine.update("nats", line.publish("nats", 2).target);
    const { state } = machine.config;
    const look = await lockSubsystem(state, "nats");
    const asked = askedTwice(lockPath(state, { subsystem: "nats" }));
    const done = rollBackByHand(await machine.deps(), "nats", { signal: never() });
    await Promise.race([asked, done]);
    await look?.release();
    expect(await done).toMatchObject({ state: "rolled-back", restored: "1.0.1" });
  });

  test("brings the version before back and pins it; the next automatic update leaves it alone", async () => {
    await setUp();
    const next = line.publish("nats", 2);
    await machine.update("nats", next.target);
    const requests = host.requests.length;
    const outcome = await rollBackByHand(await machine.deps(), "nats", { signal: never() });
    expect(outcome).toMatchObject({ state: "rolled-back", restored: "1.0.1" });
    expect(await machine.runs("nats")).toBe(first.sha256);
    expect((await machine.starts("nats")).at(-1)).toMatch(/ 1\.0\.1$/);
    expect(await readPins(machine.config.state)).toMatchObject({ nats: { why: "rollback" } });
    expect(await readDenied(machine.config.state)).toEqual({});

    // The same release, a newer one, after a start, after a day: none of them is installed.
    for (const target of [next.target, line.publish("nats", 3).target]) {
      machine.clock.now += 86_400_000;
      await recover(await machine.deps(), { signal: never() });
      const left = await machine.update("nats", target);
      expect(left).toMatchObject({ state: "waiting", reason: "PINNED" });
    }
    expect(await machine.runs("nats")).toBe(first.sha256);
    expect(host.requests).toHaveLength(requests);

    await removePin(machine.config.state, "nats");
    expect(await machine.update("nats", next.target)).toMatchObject({ state: "committed" });
    expect(await machine.runs("nats")).toBe(next.sha256);
  });

  test.each(["foreign", "adopted"])("over a binary that is %s keeps that one", async (kind) => {
    await setUp();
    const next = line.publish("nats", 2);
    await machine.update("nats", next.target);
    const own = line.publish("nats", 9);
    const live = machine.live("nats");
    await writeFile(`${live}.own`, own.bytes, { mode: 0o755 });
    await rename(`${live}.own`, live);
    if (kind === "adopted") {
      const { nats } = machine.config.subsystems;
      if (nats !== undefined) await adopt(await machine.deps(), nats, null);
    }
    const outcome = await rollBackByHand(await machine.deps(), "nats", { signal: never() });
    expect(outcome).toMatchObject({ state: "rolled-back", restored: "1.0.1" });
    const kept = join(dirname(live), ".foreign", `nats-${own.sha256}`);
    expect(await readFile(kept)).toEqual(own.bytes);
  });

  test("with nothing before it, or before itself, is refused and pins nothing", async () => {
    await setUp();
    const back = async () => rollBackByHand(await machine.deps(), "nats", { signal: never() });
    await expect(back()).rejects.toMatchObject({ reason: "NO_PREVIOUS" });
    await machine.update("nats", line.publish("nats", 2).target);
    await back();
    await removePin(machine.config.state, "nats");
    await expect(back()).rejects.toMatchObject({ reason: "NO_PREVIOUS" });
    expect(await readPins(machine.config.state)).toEqual({});
  });

  test("to a kept binary that is damaged, or was revoked since, is refused", async () => {
    await setUp();
    const change = { revoked: [first.sha256] };
    await machine.update("nats", line.publish("nats", 2, { change }).target);
    const back = async () => rollBackByHand(await machine.deps(), "nats", { signal: never() });
    await expect(back()).rejects.toMatchObject({ reason: "REVOKED" });
    await machine.update("nats", line.publish("nats", 3).target);
    await writeFile(previousPaths(machine.live("nats")).binary, "damaged");
    await expect(back()).rejects.toMatchObject({ reason: "PREVIOUS_DAMAGED" });
    expect((await machine.inspect("nats")).isReady).toBe(true);
  });
});
