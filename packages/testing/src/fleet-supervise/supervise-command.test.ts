import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { identityOf } from "../../../fleet/src/engine/process-identity.js";
import { openSupervisor } from "../../../fleet/src/supervise/open-supervisor.js";
import type { Supervisor } from "../../../fleet/src/supervise/supervisor.js";
import { writeServiceProgram } from "../service-program/index.js";
import { runSync, type SyncProcess, startSync } from "../sync-process.js";
import { untilState } from "../until-state.js";

describe("tideline-sync supervise", () => {
  let folder: string;
  let runs: SyncProcess[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "tideline-command-"));
    runs = [];
    await writeServiceProgram(join(folder, "demo", "demo"), { version: "1.0.0" });
    const command = ["./demo/demo", "--notes", folder];
    const readiness = { command: ["/bin/sh", "-c", `test -e ready-$SERVICE_PID`] };
    await configure({ kind: "built-in", services: { demo: { command, readiness } } });
  });
  afterEach(async () => {
    for (const { child, ended } of runs) {
      child.kill("SIGTERM");
      await ended;
    }
    await rm(folder, { recursive: true, force: true });
  });

  it("runs the services of the configuration, repeats what they write, and ends them at SIGTERM", async () => {
    const run = await start();
    const { pid } = await untilReady();
    await run.untilLine(/^\[demo\] demo 1\.0\.0 is ready$/);
    run.child.kill("SIGTERM");
    expect(await run.ended).toBe(0);
    expect((await identityOf(pid)).startedAt).toBeNull();
    expect(existsSync(socket())).toBe(false);
  });

  it("with --json writes nothing but JSON, a line for each event", async () => {
    const run = await start("--json");
    await run.untilLine(/"service":"demo","message":"demo 1\.0\.0 is ready"/);
    run.child.kill("SIGTERM");
    expect(await run.ended).toBe(0);
    expect(JSON.parse(run.stdout())).toEqual({ ended: true });
    const events = run.lines.map((text) => JSON.parse(text).event).filter(Boolean);
    expect(new Set(events)).toEqual(new Set(["supervise", "output"]));
  });

  it("ends what one before it, that was killed, has left running, and starts it anew", async () => {
    const first = await start("--quiet");
    const before = await untilReady();
    await expect.poll(() => existsSync(`${socket()}.services.json`)).toBe(true);
    first.child.kill("SIGKILL");
    await first.ended;
    expect((await identityOf(before.pid)).startedAt).not.toBeNull();
    const second = await start("--quiet");
    await second.untilLine(new RegExp(`^ended process ${before.pid}, which a supervisor before`));
    const after = await untilReady();
    expect(after.pid).not.toBe(before.pid);
    expect((await identityOf(before.pid)).startedAt).toBeNull();
    expect((await readFile(join(folder, "starts"), "utf8")).trim().split("\n")).toHaveLength(2);
  });

  it("does not start a second time on the same socket", async () => {
    await start();
    const { pid } = await untilReady();
    const second = await runSync(["supervise", "--json"], { cwd: folder });
    expect(second.code).toBe(1);
    expect(JSON.parse(second.stdout).error).toMatchObject({
      reason: "FAILED",
      message: expect.stringContaining("another supervisor listens on"),
      nextStep: expect.stringContaining("stop it where it was started"),
    });
    expect((await untilReady()).pid).toBe(pid);
  });

  it("says what is wrong with a configuration that gives it nothing to run", async () => {
    await configure({ kind: "systemd" });
    const other = await runSync(["supervise"], { cwd: folder });
    expect(other.code).toBe(2);
    expect(other.lines.join("\n")).toContain('of the kind "built-in"');
    await configure({ kind: "built-in", services: {} });
    const none = await runSync(["supervise"], { cwd: folder });
    expect(none.code).toBe(2);
    expect(none.lines.join("\n")).toContain("expected a service or more");
  });

  async function start(...args: string[]): Promise<SyncProcess> {
    const run = await startSync(["supervise", ...args], { cwd: folder });
    runs.push(run);
    return run;
  }

  async function untilReady(): Promise<{ pid: number }> {
    await expect.poll(() => existsSync(socket()), { timeout: 20_000 }).toBe(true);
    const { pid } = await untilState(await client(), "demo", (state) => state.isReady === true);
    return { pid: pid ?? 0 };
  }

  /** Once it answers: a socket that a killed one has left is there before the new one is. */
  async function client(): Promise<Supervisor> {
    const built = { kind: "built-in" as const, socket: socket(), services: {} };
    const supervisor = openSupervisor({ supervisor: built });
    const ask = () => supervisor.inspect("demo", new AbortController().signal).then(() => true);
    await expect.poll(() => ask().catch(() => false), { timeout: 20_000 }).toBe(true);
    return supervisor;
  }

  function socket(): string {
    return join(folder, ".tideline-sync", "supervisor.sock");
  }

  async function configure(supervisor: object): Promise<void> {
    const demo = { binary: "demo/demo", service: null };
    const text = stringify({ supervisor, subsystems: { demo } });
    await writeFile(join(folder, "sync.config.yaml"), text);
  }
});
