/** The process itself, while it waits for a public address: stopped, and killed. */
import { type BuiltCli, buildCli, runCli } from "@tideline/testing/built-cli";
import { DeployRig, stampOf, TOKEN } from "@tideline/testing/deploy-rig";
import type { BuildStamp } from "@tideline/version";
import { afterAll, beforeAll, expect, test } from "vitest";

let cli: BuiltCli;
let rig: DeployRig;
beforeAll(async () => {
  [cli, rig] = await Promise.all([buildCli(), DeployRig.open({ TIDELINE_PENDING_TTL_MS: "2000" })]);
});
afterAll(async () => {
  await cli?.dispose();
  await rig?.close();
});

/** Waits for a build that never comes; at the third look the process gets the signal. */
const stopWaiting = async (app: string, stamp: BuildStamp, signal: NodeJS.Signals) => {
  await rig.writeStamp(stampOf("a", app));
  await rig.tideline(["record", "--file", "version.json"]);
  await rig.writeStamp(stamp);
  rig.site.publish(stampOf("a", app));
  rig.site.requests.length = 0;
  let during: Promise<unknown> = Promise.resolve();
  const args = ["--file", "version.json", "--probe", rig.site.url, "--probe-interval", "0.01"];
  const run = await runCli(cli, ["record", ...args], {
    cwd: rig.folder,
    env: { CONVEX_URL: rig.server.url, TIDELINE_RECORD_TOKEN: TOKEN },
    onStart: (child) => {
      rig.site.onRequest = (count) => {
        if (count !== 3) return;
        during = rig.live(app, stamp.buildId).finally(() => child.kill(signal));
      };
    },
  });
  rig.site.onRequest = () => {};
  return { run, during: await during };
};

test.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)(
  "%s records nothing, leaves the announcement to run out and exits with %d",
  async (signal, code) => {
    const app = `stopped-${signal.toLowerCase()}`;
    const stamp = stampOf("b", app);
    const { run, during } = await stopWaiting(app, stamp, signal);
    expect(during).toMatchObject({ clientBuild: { state: "pending" } });
    expect({ code: run.code, stdout: run.stdout }).toEqual({ code, stdout: "" });
    expect(run.stderr).toBe(
      `Pages may have got the build, so its announcement is left to run out\nStopped while waiting for ${rig.site.url}, nothing is recorded: record ${app} 1.0.1 (bbbbbbbbbbbb) in staging\n`,
    );
    expect(await rig.live(app, stamp.buildId)).toMatchObject({
      buildId: "build-a",
      clientBuild: { state: "pending" },
    });
  },
);

test("a process that is killed leaves its announcement to the ledger, which ends it", async () => {
  const app = "killed";
  const stamp = stampOf("b", app);
  const { during } = await stopWaiting(app, stamp, "SIGKILL");
  expect(during).toMatchObject({ clientBuild: { state: "pending" } });
  await expect
    .poll(async () => (await rig.live(app, stamp.buildId))?.clientBuild.state, { timeout: 10_000 })
    // Pages may have got it, and shall hear of what comes next.
    .toBe("known");
  // What it had switched to before it died is found by who looks.
  rig.site.publish(stamp);
  await rig.tideline(["reconcile", app, "--probe", rig.site.url, "--probe-interval", "0.01"], {
    env: { TIDELINE_ENVIRONMENT: "staging" },
  });
  expect(await rig.live(app)).toMatchObject({ buildId: "build-b", epoch: 2 });
});
