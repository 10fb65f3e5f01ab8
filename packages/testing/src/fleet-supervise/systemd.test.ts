import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { passGate } from "../../../fleet/src/engine/pass-gate.js";
import { SystemdSupervisor } from "../../../fleet/src/supervise/systemd.js";
import { type SystemctlRig, writeSystemctl } from "../systemctl-rig/index.js";
import { untilState } from "../until-state.js";
import { World } from "./world.js";

const never = new AbortController().signal;

describe("systemd, by its programs' words", () => {
  let world: World;
  let rig: SystemctlRig;
  let systemd: SystemdSupervisor;

  beforeAll(async () => {
    world = await World.start("built-in", "", {
      nats: { version: "1.0.0" },
      arc: { version: "1.0.0", hasProbe: false },
      slow: { version: "1.0.0", variant: "ends-slowly" },
    });
    const types = { nats: "notify", slow: "notify" };
    rig = await writeSystemctl(join(world.folder, "systemd"), world.socket, types);
    systemd = new SystemdSupervisor({ scope: "user", env: process.env, ...rig });
  });
  afterAll(async () => await world.dispose());

  it("knows whether a unit of type notify is ready, and says nothing of one of type simple", async () => {
    const nats = await untilState(systemd, "nats", (state) => state.isReady === true);
    expect(nats).toMatchObject({ isRunning: true, restarts: 0, exitCode: null });
    const arc = await untilState(systemd, "arc.service", (state) => state.isRunning);
    expect(arc.isReady).toBeNull();
  });

  it("restarts one unit, after it has let systemd forget its failures, and does not wait until it is ready", async () => {
    const before = await untilState(systemd, "nats", (state) => state.isReady === true);
    const arc = await systemd.inspect("arc", never);
    const { length } = await rig.calls();
    await systemd.restart("nats", never);
    const changes = (await rig.calls()).slice(length).filter((call) => !call.includes(" show "));
    expect(changes).toEqual([
      "--user reset-failed nats",
      "--user --no-ask-password --no-pager restart --no-block nats",
    ]);
    const after = await untilState(
      systemd,
      "nats",
      (state) => state.isReady === true && state.pid !== before.pid,
    );
    expect(after.exitCode).toBeNull();
    expect((await systemd.inspect("arc", never)).pid).toBe(arc.pid);
  });

  it("a unit that takes 3 s to stop has not ended when it is judged: its next version is well", async () => {
    const { pid } = await untilState(systemd, "slow", (state) => state.isReady === true);
    await world.swap("slow", { version: "2.0.0", variant: "ends-slowly" });
    await systemd.restart("slow", never);
    const health = { readyTimeoutMs: 10_000, soakMs: 0, check: null };
    const watched = { supervisor: systemd, service: "slow", health, fetch, signal: never };
    expect(await passGate(watched, pid)).toMatchObject({ ok: true });
    expect((await world.starts("slow")).map((line) => line.split(" ")[1])).toEqual([
      "1.0.0",
      "2.0.0",
    ]);
  });

  it("tells of a unit that was killed, how often it was started again, and by which signal it ended", async () => {
    const { pid, restarts } = await untilState(systemd, "nats", (state) => state.isReady === true);
    process.kill(pid ?? 0, "SIGKILL");
    const after = await untilState(
      systemd,
      "nats",
      (state) => state.isReady === true && state.pid !== pid,
    );
    expect(after).toMatchObject({ restarts: restarts + 1, exitCode: 137 });
  });

  it("starts nothing that runs", async () => {
    const { length } = await rig.calls();
    await systemd.start("arc", never);
    expect((await rig.calls()).slice(length).filter((call) => call.includes("start "))).toEqual([]);
  });

  it("gives the newest lines of a unit", async () => {
    await untilState(systemd, "nats", (state) => state.isReady === true);
    expect(await systemd.logs("nats", 1, never)).toEqual(["nats 1.0.0 is ready"]);
  });

  it("says of a unit that there is none", async () => {
    const unknown = { kind: "unknown-service", message: expect.stringContaining('"gone"') };
    await expect(systemd.inspect("gone", never)).rejects.toMatchObject(unknown);
    await expect(systemd.restart("gone", never)).rejects.toMatchObject(unknown);
    await expect(systemd.watch("gone", () => {}, never)).rejects.toMatchObject(unknown);
  });

  it("says what is missing where systemd does not run, or its programs are not there", async () => {
    const elsewhere = await writeSystemctl(join(world.folder, "none"), "/nowhere/s.sock", {});
    const none = new SystemdSupervisor({ scope: "system", env: process.env, ...elsewhere });
    await expect(none.inspect("nats", never)).rejects.toMatchObject({
      kind: "unreachable",
      message: expect.stringContaining("not been booted with systemd"),
    });
    const programs = { systemctl: "/nowhere/systemctl", journalctl: "/nowhere/journalctl" };
    const absent = new SystemdSupervisor({ scope: "system", env: process.env, ...programs });
    await expect(absent.inspect("nats", never)).rejects.toMatchObject({ kind: "unreachable" });
    await expect(absent.logs("nats", 1, never)).rejects.toMatchObject({ kind: "unreachable" });
  });

  it("ends a question when it is told to", async () => {
    const asked = new AbortController();
    const answer = systemd.inspect("nats", asked.signal);
    asked.abort();
    await expect(answer).rejects.toMatchObject({ name: "AbortError" });
  });

  it("says that the user may not manage units", async () => {
    await rig.deny();
    await expect(systemd.restart("nats", never)).rejects.toMatchObject({
      kind: "unauthorized",
      message: expect.stringContaining("Access denied"),
    });
  });
});
