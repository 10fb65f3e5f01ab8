/** `tideline-sync` updates itself by the steps of every other binary, and its guard outlives that. */
import { afterAll, beforeAll, describe, test } from "vitest";
import { SyncBuilds } from "./sync-builds.js";
import { SyncMachine } from "./sync-machine.js";

let builds: SyncBuilds;
const machines: SyncMachine[] = [];
beforeAll(async () => {
  builds = await SyncBuilds.make();
});
afterAll(async () => {
  await Promise.all(machines.map((machine) => machine.dispose()));
  await builds.dispose();
});

async function install(): Promise<SyncMachine> {
  const machine = await SyncMachine.install(builds);
  machines.push(machine);
  return machine;
}

// Side by side: they mostly wait, each for processes of its own.
describe.concurrent("an update of itself", { timeout: 60_000 }, () => {
  test("a good one is committed: the services' pids and the guard stay", async ({ expect }) => {
    const machine = await install();
    await machine.startGuard();
    const [pids, before] = [await machine.pids(), await machine.files()];
    expect(before.active).toBe(before.kept);
    await machine.publish(1, "1.1.0");
    expect(await machine.sendWebhook()).toBe(202);
    await machine.guard.untilLine(/"event":"recovered".*"state":"committed"/);
    expect(await machine.version()).toBe("1.1.0");
    const after = await machine.files();
    expect(after.active).not.toBe(before.active);
    expect(after.kept).toBe(after.active);
    const { live } = await machine.outcomes();
    expect(live).toMatchObject({ state: "committed", version: "1.1.0" });
    expect(await machine.pids()).toEqual(pids);
    expect(machine.guard.child.exitCode).toBeNull();
    expect(await machine.health()).toMatchObject({ status: "ok" });

    // By hand, from a process of its own; it stays there until the pin is gone.
    const back = await machine.run(["rollback", "sync", "--json"]);
    expect(back.code, back.lines.join("\n")).toBe(0);
    expect(await machine.files()).toEqual(before);
    expect(await machine.version()).toBe("1.0.0");
    expect(await machine.inspect()).toMatchObject({ isRunning: true, isReady: true });
    await machine.publish(2, "1.2.0");
    await machine.sendWebhook();
    await machine.guard.untilLine(/"event":"waiting".*"reason":"PINNED"/);
    expect((await machine.run(["pin", "sync", "--remove"])).code).toBe(0);
    await machine.sendWebhook();
    await machine.guard.untilLine(/"event":"recovered".*"state":"committed".*"version":"1.2.0"/);
    expect(await machine.version()).toBe("1.2.0");
    expect(await machine.pids()).toEqual(pids);
  });

  test.for([
    ["crashes-at-start", "30s", /ended with 1 before it said that it is alive/],
    ["hangs", "3s", /did not say within 3000 ms that it is alive/],
    ["dies-while-watched", "30s", /ended with exit code 3/],
  ] as const)(
    "row 29: one that %s: the version before is back, and denies it",
    async ([fault, aliveWithin, why], { expect }) => {
      const machine = await install();
      await machine.startGuard(aliveWithin);
      const [pids, before] = [await machine.pids(), await machine.files()];
      await machine.publish(1, "1.1.0", { fault });
      expect(await machine.sendWebhook()).toBe(202);
      await machine.guard.untilLine(/"event":"recovered".*"state":"rolled-back"/);
      expect(await machine.files()).toEqual(before);
      expect(await machine.version()).toBe("1.0.0");
      const { live } = await machine.outcomes();
      expect(live).toMatchObject({ state: "rolled-back", version: "1.1.0" });
      expect(live?.detail).toMatch(why);
      expect(Object.values(await machine.denied())).toMatchObject([{ version: "1.1.0" }]);
      expect(await machine.health()).toMatchObject({ status: "ok" });
      expect(await machine.pids()).toEqual(pids);
      // Told of it again, it does not try again.
      await machine.sendWebhook();
      await machine.guard.untilLine(/"event":"refused".*"reason":"DENIED"/);
      expect(await machine.files()).toEqual(before);
    },
  );

  test("row 29: one that says another version than was signed is never swapped in", async ({
    expect,
  }) => {
    const machine = await install();
    await machine.startGuard();
    const [before, { pid }] = [await machine.files(), await machine.inspect()];
    await machine.publish(1, "1.1.0", { says: "1.0.9" });
    await machine.sendWebhook();
    await machine.guard.untilLine(/"event":"refused".*"reason":"EXEC_WRONG_VERSION"/);
    expect(await machine.files()).toEqual(before);
    expect(await machine.inspect()).toMatchObject({ pid, isReady: true });
    expect(Object.values(await machine.denied())).toMatchObject([{ version: "1.1.0" }]);
  });

  test("row 29: the machine goes down while one hangs: the guard starts from its kept copy and ends it", async ({
    expect,
  }) => {
    const machine = await install();
    await machine.startGuard("60s");
    const [before, { pid }] = [await machine.files(), await machine.inspect()];
    await machine.publish(1, "1.1.0", { fault: "hangs" });
    await machine.sendWebhook();
    await machine.cutPower(pid);
    expect(await machine.files()).toMatchObject({ kept: before.kept });
    expect((await machine.files()).active).not.toBe(before.active);
    // What listens then is the kept copy: the active one never gets so far.
    await machine.startGuard("2s");
    await machine.guard.untilLine(/"event":"recovered".*"state":"rolled-back"/);
    expect(await machine.files()).toEqual(before);
    expect(await machine.version()).toBe("1.0.0");
    expect(Object.values(await machine.denied())).toMatchObject([{ version: "1.1.0" }]);
  });

  test("row 29: one that hangs, and whose guard is ended before its patience is over: the third guard starts the kept copy", async ({
    expect,
  }) => {
    const machine = await install();
    await machine.startGuard("60s");
    const [before, { pid }] = [await machine.files(), await machine.inspect()];
    await machine.publish(1, "1.1.0", { fault: "hangs" });
    await machine.sendWebhook();
    await machine.cutPower(pid);
    await machine.launchGuard("60s");
    const started = async () => (await machine.inspect().catch(() => null))?.pid ?? null;
    await expect.poll(started, { timeout: 10_000 }).not.toBeNull();
    await machine.cutPower(null);
    await machine.startGuard("60s");
    expect(machine.guard.lines.join("\n")).toContain(
      "was started 2 times, and never said that it is alive",
    );
    await machine.guard.untilLine(/"event":"recovered".*"state":"rolled-back"/);
    expect(await machine.files()).toEqual(before);
    expect(await machine.version()).toBe("1.0.0");
    expect(Object.values(await machine.denied())).toMatchObject([{ version: "1.1.0" }]);
  });

  test("without a guard it is refused before anything is touched, and the rest goes on", async ({
    expect,
  }) => {
    const machine = await install();
    const before = await machine.files();
    await machine.publish(1, "1.1.0");
    const { code, stdout } = await machine.run(["apply", "sync", "--json"]);
    expect(code).toBe(3);
    const row = { state: "refused", reason: "SUPERVISOR_UNREACHABLE" };
    expect(JSON.parse(stdout)).toMatchObject({ subsystems: [row] });
    expect(stdout).toContain("tideline-sync guard -- watch");
    expect(await machine.files()).toEqual(before);
  });
});
