/** `tideline-sync` updates itself by the steps of every other binary, and its guard outlives that. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { SyncBuilds } from "./sync-builds.js";
import { SyncMachine } from "./sync-machine.js";

let builds: SyncBuilds;
let machine: SyncMachine;
beforeAll(async () => {
  builds = await SyncBuilds.make();
});
afterAll(() => builds.dispose());
beforeEach(async () => {
  machine = await SyncMachine.install(builds);
});
afterEach(() => machine.dispose());

test("a good version of itself is committed: the services' pids and the guard stay", async () => {
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
  expect(await machine.outcomes()).toMatchObject({
    live: { state: "committed", version: "1.1.0" },
  });
  expect(await machine.pids()).toEqual(pids);
  expect(machine.guard.child.exitCode).toBeNull();
  expect(await machine.health()).toMatchObject({ status: "ok" });
});
