/** `tideline reconcile` on a real ledger and a real address. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { DeployRig, page, Site, stampOf } from "@tideline/testing/deploy-rig";
import type { BuildStamp } from "@tideline/version";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

let rig: DeployRig;
beforeAll(async () => {
  rig = await DeployRig.open();
});
afterAll(async () => {
  await rig?.close();
});

const FAST = ["--probe-interval", "0.01"];
const HERE = ["--environment", "staging"];
const last = ({ log }: { readonly log: readonly string[] }) => log.at(-1);

let apps = 0;
let app: string;
beforeEach(async () => {
  app = `real-${++apps}`;
  rig.site.onRequest = () => {};
  rig.site.answers.clear();
  rig.site.requests.length = 0;
  await rm(join(rig.folder, "tideline.config.json"), { force: true });
});

const deploy = async (stamp: BuildStamp) => {
  await rig.writeStamp(stamp);
  await rig.tideline(["record", "--file", "version.json"]);
};
const reconcile = (...args: string[]) =>
  rig.tideline(["reconcile", app, ...HERE, "--probe", rig.site.url, ...FAST, ...args]);

test("says so where the ledger and the address agree, and records nothing", async () => {
  await deploy(stampOf("a", app));
  rig.site.publish(stampOf("a", app));
  expect(await reconcile()).toMatchObject({
    code: 0,
    output: `The ledger says what is served for ${app} in staging: 1.0.0, build build-a, epoch 1\n`,
  });
  expect(await rig.history(app)).toHaveLength(1);
  expect(rig.site.requests).toHaveLength(3);
});

test("records what a deployer that died had switched to", async () => {
  await deploy(stampOf("a", app));
  rig.site.publish(stampOf("b", app));
  const run = await reconcile("--json");
  expect(JSON.parse(run.output)).toMatchObject({
    ok: true,
    state: "recorded",
    epoch: 2,
    before: { buildId: "build-a" },
  });
  expect(await rig.live(app)).toMatchObject({ buildId: "build-b", gitCommit: "b".repeat(40) });
  expect(JSON.parse((await reconcile("--json")).output)).toMatchObject({ state: "agrees" });
});

test("records a switch back by hand as the rollback that it is", async () => {
  await deploy(stampOf("a", app));
  await deploy(stampOf("b", app));
  rig.site.publish(stampOf("a", app));
  expect(await reconcile()).toMatchObject({ code: 0 });
  expect(await rig.live(app)).toMatchObject({ buildId: "build-a", kind: "rollback", epoch: 3 });
});

test("records the first build of a target", async () => {
  rig.site.publish(stampOf("a", app));
  const run = await reconcile();
  expect(run.output).toContain("the ledger said nothing");
  expect(await rig.live(app)).toMatchObject({ buildId: "build-a", epoch: 1 });
});

test("a build of a tree with changes keeps the name under which its commit is not compared", async () => {
  rig.site.publish(stampOf("a", app, { gitDirty: true }));
  await reconcile();
  expect(await rig.live(app)).toMatchObject({ gitCommit: `${"a".repeat(40)}-dirty` });
});

test("looks again when a deployer records in the meantime", async () => {
  await deploy(stampOf("a", app));
  const c = stampOf("c", app);
  rig.site.publish(stampOf("b", app));
  const serve = rig.site.answers.get("/");
  rig.site.answers.set("/", (request, response) => {
    if (rig.site.requests.length !== 3) return serve?.(request, response);
    void rig
      .mutation("deployments:recordDeployment", {
        ...{ appName: app, environment: "staging", version: c.version, buildId: c.buildId },
        ...{ gitCommit: c.gitCommit, buildNumber: 1, buildTime: 1 },
      })
      .then(() => {
        serve?.(request, response);
        rig.site.publish(c);
      });
  });
  const run = await reconcile();
  expect(run).toMatchObject({ code: 0 });
  expect(run.log).toContain("A deployer recorded in the meantime; looking again at what is served");
  expect(run.output).toContain("1.0.2, build build-c, epoch 2");
});

test("the address says app and environment where nobody else does", async () => {
  rig.site.publish(stampOf("a", app));
  const run = await rig.tideline(["reconcile", "--probe", rig.site.url, ...FAST]);
  expect(run).toMatchObject({ code: 0 });
  expect(await rig.live(app)).toMatchObject({ buildId: "build-a" });
});

test("the configuration says the address", async () => {
  await rig.write("tideline.config.json", {
    services: { web: { appName: app, paths: ["src"] } },
    environments: { staging: { probes: { web: rig.site.url } } },
  });
  rig.site.publish(stampOf("a", app));
  expect(await rig.tideline(["reconcile", "web", ...HERE, ...FAST])).toMatchObject({ code: 0 });
  expect(await rig.live(app)).toMatchObject({ buildId: "build-a" });
});

test("--dry-run says what it would record", async () => {
  rig.site.publish(stampOf("a", app));
  const run = await reconcile("--dry-run");
  expect(run.output).toBe(
    `Would record 1.0.0 (aaaaaaaaaaaa), build build-a for ${app} in staging; the ledger says nothing\n`,
  );
  expect(await rig.live(app)).toBeNull();
});

test("--watch looks again and again, through an outage, until it is stopped", async () => {
  const controller = new AbortController();
  const a = stampOf("a", app);
  rig.site.answers.set("/", page("down", 503));
  const seen: string[] = [];
  const run = await rig.tideline(
    [
      "reconcile",
      app,
      ...HERE,
      "--probe",
      rig.site.url,
      ...FAST,
      "--timeout",
      "0.1",
      "--watch",
      "0.1",
    ],
    {
      signal: controller.signal,
      onLog: (line) => {
        seen.push(line);
        if (seen.length === 1) {
          rig.site.publish(a);
          // The fourth look after the outage belongs to the second round that succeeds.
          const from = rig.site.requests.length;
          rig.site.onRequest = (count) => {
            if (count === from + 5) controller.abort();
          };
        }
      },
    },
  );
  expect(run.code).toBe(130);
  expect(seen[0]).toContain("answers with status 503");
  expect(run.output).toContain("Recorded what is served");
});

describe("refused", () => {
  test("on a target that is held, with its reason", async () => {
    await deploy(stampOf("a", app));
    await rig.tideline(["hold", app, ...HERE, "--reason", "Migration"]);
    rig.site.publish(stampOf("b", app));
    const run = await reconcile();
    expect(run.code).toBe(3);
    expect(last(run)).toContain("the target is held (Migration)");
  });

  test("of another app's or environment's address", async () => {
    rig.site.publish(stampOf("a", "shop"));
    const other = await reconcile();
    expect({ code: other.code, last: last(other) }).toEqual({
      code: 3,
      last: `Cannot record what is served for ${app} in staging: expected a build of the app "${app}", got one of "shop"`,
    });
    rig.site.publish(stampOf("a", app, { environment: "production" }));
    expect(last(await reconcile())).toContain('environment "staging", got one of "production"');
    expect(await rig.live(app)).toBeNull();
  });
});

describe("fails", () => {
  test("where two addresses never agree", async () => {
    const other = await Site.start();
    try {
      rig.site.publish(stampOf("a", app));
      other.publish(stampOf("b", app));
      const run = await reconcile("--probe", other.url, "--timeout", "0.1");
      expect(run.code).toBe(1);
      expect(last(run)).toMatch(
        /expected one build 3 times in a row within 0\.1 s, but http\S+ gave (\d+) of \1 answers 1\.0\.0 \(build-a\); http\S+ gave (\d+) of \2 answers 1\.0\.1 \(build-b\)$/,
      );
    } finally {
      await other.close();
    }
  });

  test("and --json has what was answered", async () => {
    rig.site.answers.set("*", page("<p>hello"));
    const run = await reconcile("--timeout", "0.1", "--json");
    expect(JSON.parse(run.output)).toMatchObject({
      ...{ ok: false, kind: "failed", appName: app, environment: "staging" },
      observation: { state: "looking", probes: [{ address: rig.site.url, builds: [] }] },
    });
  });

  test("where the address serves no build", async () => {
    rig.site.answers.set("*", page("<p>hello"));
    const run = await reconcile("--timeout", "0.1");
    expect(run.code).toBe(1);
    expect(last(run)).toContain("is a page without a stamp");
  });
});

describe("a wrong command line", () => {
  test.each<[args: string[], said: string]>([
    [["reconcile"], "Cannot reconcile: expected a service or a --probe, got neither"],
    [
      ["reconcile", "web"],
      "Cannot reconcile web: no environment is named, use --environment or set TIDELINE_ENVIRONMENT",
    ],
    [
      ["reconcile", "web", ...HERE],
      'Cannot reconcile web: expected the address that serves it in --probe or in the environment\'s "probes" of tideline.config.json, got none',
    ],
    [
      ["reconcile", "a b", ...HERE],
      'Cannot reconcile a b: expected an app of 1 to 64 letters, digits, ".", "_" or "-", beginning with a letter or digit, got "a b"',
    ],
    [
      ["reconcile", "web", "--watch", "0"],
      'Cannot use --watch: expected a number from 0.1 to 86400, got "0"',
    ],
  ])("%j", async (args, said) => {
    expect(await rig.tideline(args)).toEqual({ code: 2, output: "", log: [said] });
  });
});
