import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  readinessByNotes,
  type ServiceProgramOptions,
  writeServiceProgram,
} from "@tideline/testing/service-program";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { untilState } from "../../../../testing/src/until-state.js";
import type { BuiltInService } from "../../config/sync-config.js";
import { identityOf } from "../../engine/process-identity.js";
import { openSupervisor } from "../open-supervisor.js";
import type { Supervisor } from "../supervisor.js";
import { type RunningSupervisor, startSupervisor } from "./start-supervisor.js";

const PACE = { soonMs: 10, laterMs: 20, timeoutMs: 2_000 };
const BACK_OFF = { firstMs: 10, lastMs: 200 };

let folder: string;
let stopWatching: AbortController;
let running: RunningSupervisor | null;
let lines: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tideline-supervise-"));
  stopWatching = new AbortController();
  running = null;
  lines = [];
});

afterEach(async () => {
  stopWatching.abort();
  await running?.close();
  await rm(folder, { recursive: true, force: true });
});

describe("the built-in supervisor", () => {
  it("starts what the configuration names, and says when it is ready", async () => {
    const supervisor = await supervise({ demo: await service("demo", { version: "1.0.0" }) });
    const state = await untilState(supervisor, "demo", (now) => now.isReady === true);
    expect(state).toMatchObject({ isRunning: true, restarts: 0, exitCode: null });
    expect(await starts("demo")).toEqual([`${state.pid} 1.0.0`]);
  });

  it("restarts one service with the binary that lies there now, and leaves the others alone", async () => {
    const supervisor = await supervise({
      demo: await service("demo", { version: "1.0.0" }),
      other: await service("other", { version: "1.0.0" }),
    });
    const before = await untilState(supervisor, "demo", (now) => now.isReady === true);
    const other = await untilState(supervisor, "other", (now) => now.isReady === true);
    await writeServiceProgram(join(folder, "demo", "demo"), { version: "1.1.0" });
    await supervisor.restart("demo", stopWatching.signal);
    const after = await untilState(supervisor, "demo", (now) => now.isReady === true);
    expect(after.pid).not.toBe(before.pid);
    expect(after.restarts).toBe(0);
    expect(await starts("demo")).toEqual([`${before.pid} 1.0.0`, `${after.pid} 1.1.0`]);
    expect(await supervisor.inspect("other", stopWatching.signal)).toEqual(other);
  });

  it("starts a service again that ends by itself, counts it, and keeps its exit code", async () => {
    const supervisor = await supervise({
      demo: await service("demo", { version: "1.0.0", variant: "crash-later" }),
    });
    const { pid } = await untilState(supervisor, "demo", (now) => now.isReady === true);
    process.kill(pid ?? 0, "SIGUSR1");
    const after = await untilState(
      supervisor,
      "demo",
      (now) => now.isReady === true && now.pid !== pid,
    );
    expect(after).toMatchObject({ restarts: 1, exitCode: 4 });
  });

  it("waits longer each time for a service that ends at each start", async () => {
    const supervisor = await supervise({
      demo: await service("demo", { version: "1.0.0", variant: "crash-at-start" }),
    });
    const state = await untilState(supervisor, "demo", (now) => now.restarts >= 5);
    expect(state).toMatchObject({ exitCode: 3 });
    // 10 + 20 + 40 + 80 ms before the fifth end.
    expect(lines.filter((line) => line.includes("cannot start: broken")).length).toBeGreaterThan(4);
  });

  it("kills a service that ignores SIGTERM once its time is over", async () => {
    const stubborn = await service("demo", { version: "1.0.0", variant: "ignores-sigterm" });
    const supervisor = await supervise({ demo: { ...stubborn, shutdownTimeoutMs: 100 } });
    const before = await untilState(supervisor, "demo", (now) => now.isReady === true);
    await supervisor.restart("demo", stopWatching.signal);
    const after = await untilState(supervisor, "demo", (now) => now.isReady === true);
    expect(after.pid).not.toBe(before.pid);
    expect(await isAlive(before.pid)).toBe(false);
    expect(lines).toContain("demo did not end within 100 ms: killed");
  });

  it("ends what a service has left behind, before it starts it again", async () => {
    const script = join(folder, "parent");
    await writeFile(script, "#!/bin/sh\nsleep 2147483 & echo child $!\nwait\n", { mode: 0o755 });
    const supervisor = await supervise({ demo: plain([script]) });
    const child = await untilLine(/^child (\d+)$/);
    await supervisor.restart("demo", stopWatching.signal);
    expect(await isAlive(Number(child[1]))).toBe(false);
  });

  it("says of a service that was never ready that it is not", async () => {
    const supervisor = await supervise({
      demo: await service("demo", { version: "1.0.0", variant: "never-ready" }),
    });
    await untilLine(/starts$/);
    const state = await untilState(supervisor, "demo", (now) => now.isRunning);
    expect(state.isReady).toBe(false);
  });

  it("says that a service is ready no more after three tries", async () => {
    const supervisor = await supervise({
      demo: await service("demo", { version: "1.0.0", variant: "ready-then-not" }),
    });
    const { pid } = await untilState(supervisor, "demo", (now) => now.isReady === true);
    process.kill(pid ?? 0, "SIGUSR2");
    const state = await untilState(supervisor, "demo", (now) => now.isReady === false);
    expect(state).toMatchObject({ pid, isRunning: true, restarts: 0 });
  });

  it("says nothing about readiness where no probe is configured", async () => {
    const demo = await service("demo", { version: "1.0.0" });
    const supervisor = await supervise({ demo: { ...demo, readiness: null } });
    const state = await untilState(supervisor, "demo", (now) => now.isRunning);
    expect(state.isReady).toBeNull();
  });

  it("refuses to restart with a binary that does not run here, and takes the next one that does", async () => {
    const supervisor = await supervise({ demo: await service("demo", { version: "1.0.0" }) });
    await untilState(supervisor, "demo", (now) => now.isReady === true);
    await writeFile(join(folder, "demo", "demo"), "#!/no/such/interpreter\n");
    await expect(supervisor.restart("demo", stopWatching.signal)).rejects.toMatchObject({
      kind: "failed",
      message: expect.stringContaining("Cannot run"),
    });
    expect(await supervisor.inspect("demo", stopWatching.signal)).toMatchObject({
      ...{ pid: null, isRunning: false, exitCode: 127 },
    });
    await writeServiceProgram(join(folder, "demo", "demo"), { version: "1.0.1" });
    await supervisor.start("demo", stopWatching.signal);
    await untilState(supervisor, "demo", (now) => now.isReady === true);
  });

  it("keeps the newest 1,000 lines, and of a line without an end 4,096 characters", async () => {
    const script = join(folder, "writer");
    await writeFile(
      script,
      "#!/bin/sh\nseq 1 1500\nhead -c 100000 /dev/zero | tr '\\0' x\necho\necho last\nexec sleep 2147483\n",
      { mode: 0o755 },
    );
    const supervisor = await supervise({ demo: plain([script]) });
    await untilLine(/^last$/);
    const all = await supervisor.logs("demo", 10_000, stopWatching.signal);
    expect(all).toHaveLength(1_000);
    expect(all[0]).toBe("503");
    expect(all.at(-2)).toHaveLength(4_097);
    expect(await supervisor.logs("demo", 1, stopWatching.signal)).toEqual(["last"]);
  });

  it("opens its socket to its owner alone", async () => {
    await supervise({ demo: await service("demo", { version: "1.0.0" }) });
    expect((await stat(join(folder, "s.sock"))).mode & 0o777).toBe(0o600);
  });

  it("leaves a supervisor alone that listens on the socket already", async () => {
    const demo = await service("demo", { version: "1.0.0" });
    const supervisor = await supervise({ demo });
    const before = await untilState(supervisor, "demo", (now) => now.isReady === true);
    await expect(
      startSupervisor({ socket: join(folder, "s.sock"), services: { demo } }),
    ).rejects.toThrow("another supervisor listens on");
    expect(await supervisor.inspect("demo", stopWatching.signal)).toEqual(before);
    expect(await starts("demo")).toHaveLength(1);
  });

  it("ends its services in order, removes its socket and its list, and says that it has ended", async () => {
    const supervisor = await supervise({ demo: await service("demo", { version: "1.0.0" }) });
    const { pid } = await untilState(supervisor, "demo", (now) => now.isReady === true);
    await running?.close();
    await running?.closed;
    expect(await isAlive(pid)).toBe(false);
    expect(existsSync(join(folder, "s.sock"))).toBe(false);
    expect(existsSync(join(folder, "s.sock.services.json"))).toBe(false);
  });

  it("refuses a path that a unix socket cannot have", async () => {
    const socket = join(folder, "x".repeat(120));
    await expect(startSupervisor({ socket, services: {} })).rejects.toThrow("at most 103 bytes");
  });
});

async function supervise(services: Record<string, BuiltInService>): Promise<Supervisor> {
  const socket = join(folder, "s.sock");
  running = await startSupervisor({
    ...{ socket, services, pace: PACE, backOff: BACK_OFF },
    log: (_, line) => lines.push(line),
  });
  return openSupervisor({ supervisor: { kind: "built-in", socket, services } });
}

async function service(name: string, program: ServiceProgramOptions): Promise<BuiltInService> {
  const notes = join(folder, name);
  const path = join(notes, name);
  await writeServiceProgram(path, { name, ...program });
  return { ...plain([path, "--notes", notes]), readiness: readinessByNotes(notes) };
}

function plain(command: readonly string[]): BuiltInService {
  return { command, folder, environment: {}, readiness: null, shutdownTimeoutMs: 5_000 };
}

/** Waits until some service has written a line. */
async function untilLine(pattern: RegExp): Promise<RegExpExecArray> {
  const find = () => lines.map((line) => pattern.exec(line)).find((match) => match !== null);
  await expect.poll(find, { timeout: 10_000, interval: 5 }).toBeTruthy();
  return find() ?? expect.fail("the line is gone");
}

async function starts(name: string): Promise<string[]> {
  return (await readFile(join(folder, name, "starts"), "utf8")).trim().split("\n");
}

/** One that has ended and waits for its parent to take note counts as ended. */
async function isAlive(pid: number | null): Promise<boolean> {
  return (await identityOf(pid ?? 0)).startedAt !== null;
}
