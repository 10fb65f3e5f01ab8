/** `tideline rollback`, `hold` and `release-hold` on a real ledger, with real deploy commands. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { DeployRig, RUN_SHA, stampOf } from "@tideline/testing/deploy-rig";
import type { BuildStamp } from "@tideline/version";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

let rig: DeployRig;
beforeAll(async () => {
  rig = await DeployRig.open();
});
afterAll(async () => {
  await rig?.close();
});

const DIGEST = `sha256:${"cd".repeat(32)}`;
const HERE = ["--environment", "staging"];
const FAST = ["--probe-interval", "0.01"];
const last = ({ log }: { readonly log: readonly string[] }) => log.at(-1);

let apps = 0;
let app: string;
beforeEach(async () => {
  app = `back-${++apps}`;
  rig.site.onRequest = () => {};
  rig.site.answers.clear();
});

const deploy = async (stamp: BuildStamp, ...args: string[]) => {
  await rig.writeStamp(stamp);
  return await rig.tideline(["record", "--file", "version.json", ...args]);
};
/** The configuration with this deploy command, and with an address or none. */
const configure = async (command: string | null, hasProbe = false) => {
  await rig.write("tideline.config.json", {
    registry: "ghcr.io/acme",
    services: { web: { appName: app, paths: ["src"], image: "web" } },
    environments: {
      staging: {
        ...(command !== null && { deploy: command }),
        ...(hasProbe && { probes: { web: rig.site.url } }),
      },
    },
  });
};
/** Two builds were live, the second is; its site serves it. */
const twoBuilds = async () => {
  await deploy(stampOf("a", app), "--image-digest", DIGEST, "--inputs-id", "inputs-a");
  await deploy(stampOf("b", app));
  rig.site.publish(stampOf("b", app));
};

describe("tideline rollback", () => {
  test("runs the deploy command, looks, records and holds; the next deployment is refused", async () => {
    const names = "SERVICE ENVIRONMENT VERSION BUILD_ID COMMIT IMAGE".split(" ");
    const echo = names.map((name) => `$TIDELINE_${name}`).join("|");
    await configure(
      `echo "${echo}" > switched.txt; curl -s ${rig.tokens.url}switch; echo ok`,
      true,
    );
    await twoBuilds();
    rig.tokens.answers.set("/switch", (_, response) => {
      rig.site.publish(stampOf("a", app));
      response.end();
    });
    const run = await rig.tideline([
      "rollback",
      "web",
      ...HERE,
      ...FAST,
      "--reason",
      "Log-in fails",
    ]);
    expect(run).toMatchObject({ code: 0 });
    expect(run.output).toBe(
      `Rolled back ${app} in staging to 1.0.0 (aaaaaaaaaaaa): build build-a, epoch 3; held until "tideline release-hold web --environment staging"\n`,
    );
    expect(run.log).toContain("ok");
    expect((await readFile(join(rig.folder, "switched.txt"), "utf8")).trim()).toBe(
      `web|staging|1.0.0|build-a|${"a".repeat(40)}|ghcr.io/acme/web@${DIGEST}`,
    );
    expect(await rig.live(app)).toMatchObject({ buildId: "build-a", kind: "rollback", epoch: 3 });
    expect((await rig.history(app))[0]).toMatchObject({
      kind: "rollback",
      imageDigest: DIGEST,
      inputsId: "inputs-a",
    });

    const next = await deploy(stampOf("c", app));
    expect(next.code).toBe(3);
    expect(last(next)).toContain("the target is held (Log-in fails)");
    expect(await rig.tideline(["release-hold", "web", ...HERE])).toMatchObject({
      code: 0,
      output: `${app} in staging takes deployments again\n`,
    });
    expect(await deploy(stampOf("c", app))).toMatchObject({ code: 0 });
  });

  test("tells the tabs that run what was left, by the ledger", async () => {
    await configure("true");
    await twoBuilds();
    await rig.tideline(["rollback", "web", ...HERE, "--no-hold"]);
    expect(await rig.live(app, "build-b")).toMatchObject({
      kind: "rollback",
      clientBuild: { state: "known", firstEpoch: 2, lastEpoch: 2 },
    });
    expect(await deploy(stampOf("c", app))).toMatchObject({ code: 0 });
  });

  test("a command that fails leaves what the ledger says as it was", async () => {
    await configure("echo no space left >&2; exit 7");
    await twoBuilds();
    const run = await rig.tideline(["rollback", "web", ...HERE]);
    expect(run.code).toBe(1);
    expect(run.log.slice(-2)).toEqual([
      "no space left",
      `Cannot roll back ${app} in staging: the deploy command exited with 7; nothing is recorded, and what the ledger says is live is unchanged`,
    ]);
    expect(await rig.live(app)).toMatchObject({ buildId: "build-b", epoch: 2 });
    expect(await deploy(stampOf("c", app))).toMatchObject({ code: 0 });
  });

  test("an address that still serves what was left keeps it from being recorded", async () => {
    await configure("true", true);
    await twoBuilds();
    const run = await rig.tideline(["rollback", "web", ...HERE, ...FAST, "--timeout", "0.1"]);
    expect(run.code).toBe(1);
    expect(last(run)).toMatch(
      /expected build build-a to be served .* answers 1\.0\.1 \(build-b\)$/,
    );
    expect(run.log).toContain(
      'It may be switched and is not recorded: once it is served, run "tideline reconcile"',
    );
    expect(await rig.live(app)).toMatchObject({ buildId: "build-b" });
  });

  test("--dry-run shows the choice and changes nothing", async () => {
    await configure("exit 1");
    await twoBuilds();
    const run = await rig.tideline(["rollback", "web", ...HERE, "--dry-run"]);
    expect(run.code).toBe(0);
    expect(run.output).toMatch(
      /^Would go back with back-\d+ in staging\n {2}from 1\.0\.1 \(bbbbbbbbbbbb\), build build-b, epoch 2\n {2}to {3}1\.0\.0 \(aaaaaaaaaaaa\), build build-a, last deployed \S+Z\n {2}image ghcr\.io\/acme\/web@sha256:\w+\n {2}by {3}exit 1\n$/,
    );
    expect(await rig.live(app)).toMatchObject({ buildId: "build-b" });
  });

  test("--to goes to any build that was live, also past 200 records", async () => {
    await configure("true");
    await deploy(stampOf("a", app, { gitTag: "v1.0.0" }));
    const record = { appName: app, environment: "staging", buildNumber: 1, buildTime: 1 };
    for (let index = 0; index < 205; index++) {
      await rig.mutation("deployments:recordDeployment", {
        ...record,
        ...{ version: `2.0.${index}`, buildId: `many-${index}`, gitCommit: "unknown" },
      });
    }
    const run = await rig.tideline(["rollback", "web", ...HERE, "--to", "v1.0.0"]);
    expect(run).toMatchObject({ code: 0 });
    expect(await rig.live(app)).toMatchObject({ buildId: "build-a", epoch: 207 });
  });

  describe("--to what the ledger calls live", () => {
    const TO_LIVE = ["rollback", "web", ...HERE, ...FAST, "--to", "1.0.1"];
    /** A command that switches the site to the build with this letter, and says so. */
    const switchTo = async (letter: string) => {
      rig.tokens.answers.set("/switch", (_, response) => {
        rig.site.publish(stampOf(letter, app));
        response.end();
      });
      await configure(`curl -s ${rig.tokens.url}switch; echo switched`, true);
    };

    test("holds it and deploys nothing where it is served three times in a row", async () => {
      await switchTo("c");
      await twoBuilds();
      rig.site.requests.length = 0;
      const run = await rig.tideline([...TO_LIVE, "--json"]);
      expect(JSON.parse(run.output)).toMatchObject({
        ok: true,
        hold: { since: expect.any(Number) },
      });
      expect(rig.site.requests).toHaveLength(3);
      expect(run.log).not.toContain("switched");
      expect(await rig.history(app)).toHaveLength(2);
      expect((await deploy(stampOf("c", app))).code).toBe(3);
    });

    test("holds it and says that nobody looked where there is no address", async () => {
      await configure("touch deployed-again.txt");
      await twoBuilds();
      const run = await rig.tideline(TO_LIVE);
      expect(run).toMatchObject({ code: 0 });
      expect(run.log).toEqual([
        `Keeping ${app} in staging at what the ledger calls live\n  1.0.1 (bbbbbbbbbbbb), build build-b, epoch 2`,
        "Nobody looks whether it is served: without --probe the ledger is believed",
      ]);
      await expect(readFile(join(rig.folder, "deployed-again.txt"))).rejects.toThrow("ENOENT");
    });

    test("deploys it where another build is served, whose pages are told; reconcile agrees", async () => {
      await switchTo("b");
      await twoBuilds();
      rig.site.publish(stampOf("x", app));
      const run = await rig.tideline(TO_LIVE);
      expect(run).toMatchObject({ code: 0 });
      expect(run.log).toEqual([
        expect.stringContaining(`switched, if ${rig.site.url} should serve another build`),
        "The ledger calls it live, but 1.0.23 (build build-x) is served",
        "Recorded what is served until then, epoch 3",
        expect.stringContaining("TIDELINE_IMAGE is empty"),
        "switched",
      ]);
      expect(run.output).toContain(`Rolled back ${app} in staging to 1.0.1 (bbbbbbbbbbbb)`);
      expect(await rig.live(app, "build-x")).toMatchObject({
        ...{ buildId: "build-b", epoch: 4, kind: "rollback" },
        clientBuild: { state: "known" },
      });
      const reconcile = await rig.tideline(["reconcile", "web", ...HERE, ...FAST]);
      expect(reconcile.output).toContain("The ledger says what is served");
    });

    test("deploys it where nothing is served", async () => {
      await switchTo("b");
      await twoBuilds();
      rig.site.answers.clear();
      const run = await rig.tideline(TO_LIVE);
      expect(run).toMatchObject({ code: 0 });
      expect(run.log).toContain(
        `The ledger calls it live, but ${rig.site.url} answers with status 404`,
      );
      expect(await rig.live(app)).toMatchObject({ buildId: "build-b", epoch: 2 });
    });

    test("deploys it also where what is served may not be recorded", async () => {
      await switchTo("b");
      await twoBuilds();
      rig.site.publish(stampOf("x", "shop"));
      const run = await rig.tideline(TO_LIVE);
      expect(run).toMatchObject({ code: 0 });
      expect(run.log.join("\n")).toContain(
        `pages that got it may not hear of this: Cannot record what is served for ${app} in staging: expected a build of the app "${app}", got one of "shop"`,
      );
      expect(await rig.live(app)).toMatchObject({ buildId: "build-b", epoch: 2 });
    });

    test("fails where the command leaves another build in place, and holds nothing", async () => {
      await switchTo("x");
      await twoBuilds();
      rig.site.publish(stampOf("x", app));
      const run = await rig.tideline([...TO_LIVE, "--timeout", "0.1"]);
      expect(run.code).toBe(1);
      expect(last(run)).toContain("expected build build-b to be served within 0.1 s");
      expect(await deploy(stampOf("c", app))).toMatchObject({ code: 0 });
    });

    test("looks at nothing with --dry-run, and says what it would do", async () => {
      await configure("exit 1", true);
      await twoBuilds();
      rig.site.requests.length = 0;
      const run = await rig.tideline([...TO_LIVE, "--dry-run"]);
      expect(run.output).toBe(
        `Would keep ${app} in staging at what the ledger calls live\n  1.0.1 (bbbbbbbbbbbb), build build-b, epoch 2\n  by   exit 1, if ${rig.site.url} should serve another build\n`,
      );
      expect(rig.site.requests).toEqual([]);
    });

    test("Ctrl-C while it looks changes nothing", async () => {
      await switchTo("b");
      await twoBuilds();
      const controller = new AbortController();
      rig.site.onRequest = () => controller.abort();
      const run = await rig.tideline(TO_LIVE, { signal: controller.signal });
      expect(run.code).toBe(130);
      expect(last(run)).toBe(`Stopped while looking at ${rig.site.url}, nothing is changed`);
      expect(await deploy(stampOf("c", app))).toMatchObject({ code: 0 });
    });
  });

  test("a target that is held must be released first", async () => {
    await configure("touch held-deployed.txt");
    await twoBuilds();
    await rig.tideline(["hold", "web", ...HERE, "--reason", "Migration"]);
    const run = await rig.tideline(["rollback", "web", ...HERE]);
    expect(run.code).toBe(3);
    expect(last(run)).toContain("the target is held (Migration); release it first");
    await expect(readFile(join(rig.folder, "held-deployed.txt"))).rejects.toThrow("ENOENT");
  });

  test("--switched needs no command and no configuration of one", async () => {
    await configure(null, true);
    await twoBuilds();
    rig.site.publish(stampOf("a", app));
    const run = await rig.tideline(["rollback", "web", ...HERE, ...FAST, "--switched"]);
    expect(run).toMatchObject({ code: 0 });
    expect(await rig.live(app)).toMatchObject({ buildId: "build-a" });
  });

  test("Ctrl-C ends the command and all that it started, and records nothing", async () => {
    await configure(`echo started; sleep 60 & wait; touch survived.txt`);
    await twoBuilds();
    const controller = new AbortController();
    const run = await rig.tideline(["rollback", "web", ...HERE], {
      signal: controller.signal,
      onLog: (line) => {
        if (line === "started") controller.abort();
      },
    });
    expect(run.code).toBe(130);
    expect(last(run)).toContain("Stopped the deploy command: nothing is recorded");
    expect(await rig.live(app)).toMatchObject({ buildId: "build-b" });
    await expect(readFile(join(rig.folder, "survived.txt"))).rejects.toThrow("ENOENT");
  });

  test("twice back goes further back", async () => {
    await configure("true");
    for (const letter of ["a", "b", "c"]) await deploy(stampOf(letter, app));
    for (const expected of ["build-b", "build-a"]) {
      await rig.tideline(["rollback", "web", ...HERE, "--no-hold"]);
      expect(await rig.live(app)).toMatchObject({ buildId: expected });
    }
    const third = await rig.tideline(["rollback", "web", ...HERE, "--no-hold"]);
    expect(third.code).toBe(3);
  });
});

describe("with GitHub's identity alone", () => {
  test("a rollback is recorded, and not held", async () => {
    await configure("true");
    await deploy(stampOf("r", app, { gitCommit: RUN_SHA }));
    await deploy(stampOf("b", app));
    const env = rig.job({ GITHUB_SHA: "c".repeat(40) });
    rig.nextTokens = [];
    const held = await rig.tideline(["rollback", "web", ...HERE], { env });
    expect({ code: held.code, last: last(held) }).toEqual({
      code: 2,
      last: `Cannot roll back ${app} in staging and hold it: GitHub's identity may record and not hold, set TIDELINE_RECORD_TOKEN or use --no-hold`,
    });
    expect(await rig.live(app)).toMatchObject({ buildId: "build-b" });
    const claims = { sha: "c".repeat(40) };
    rig.nextTokens = [{ claims }, { claims }];
    const run = await rig.tideline(["rollback", "web", ...HERE, "--no-hold"], { env });
    expect(run).toMatchObject({ code: 0 });
    expect(await rig.live(app)).toMatchObject({ buildId: "build-r", kind: "rollback" });
  });

  test("nothing is held or released", async () => {
    await configure("true");
    await twoBuilds();
    for (const args of [
      ["hold", "web", ...HERE, "--reason", "x"],
      ["release-hold", "web", ...HERE],
    ]) {
      const run = await rig.tideline(args, { env: rig.job() });
      expect(run.code).toBe(2);
      expect(last(run)).toContain(
        "GitHub's identity may record and announce, and no more; set TIDELINE_RECORD_TOKEN",
      );
    }
  });
});

describe("tideline hold and release-hold", () => {
  test("say since when and why, and whether there was one", async () => {
    await configure(null);
    await twoBuilds();
    const held = await rig.tideline(["hold", "web", ...HERE, "--reason", "Migration"]);
    expect(held.output).toMatch(
      /^back-\d+ in staging is held since \S+Z \(Migration\), until "tideline release-hold web --environment staging"\n$/,
    );
    const first = await rig.tideline(["release-hold", "web", ...HERE, "--json"]);
    const second = await rig.tideline(["release-hold", "web", ...HERE, "--json"]);
    expect([first, second].map(({ output }) => JSON.parse(output).wasHeld)).toEqual([true, false]);
  });

  test("are refused where nothing was recorded", async () => {
    await configure(null);
    for (const args of [
      ["hold", "web", ...HERE, "--reason", "x"],
      ["release-hold", "web", ...HERE],
    ]) {
      const run = await rig.tideline(args);
      expect(run.code).toBe(3);
      expect(last(run)).toContain("nothing was ever recorded for it");
    }
  });
});

describe("one sentence", () => {
  test.each<[title: string, args: string[], code: number, said: RegExp]>([
    ["no service", ["rollback"], 2, /^Cannot run "rollback": expected <service>, got nothing$/],
    [
      "no environment",
      ["rollback", "web"],
      2,
      /^Cannot roll back web: no environment is named, use --environment or set TIDELINE_ENVIRONMENT$/,
    ],
    [
      "an unknown service",
      ["rollback", "wep", ...HERE],
      2,
      /expected one of the services of tideline\.config\.json \(web\), got "wep"/,
    ],
    [
      "an unknown environment",
      ["hold", "web", "--environment", "prod", "--reason", "x"],
      2,
      /expected one of the environments of tideline\.config\.json \(staging\), got "prod"/,
    ],
    [
      "no command",
      ["rollback", "web", ...HERE],
      2,
      /expected the environment's "deploy" command in tideline\.config\.json, or --switched/,
    ],
    [
      "nothing to go back from",
      ["rollback", "web", ...HERE, "--switched"],
      3,
      /nothing was ever recorded for it$/,
    ],
    [
      "a reason without words",
      ["hold", "web", ...HERE, "--reason", " "],
      2,
      /^Cannot use --reason: expected a value, got ""$/,
    ],
    [
      "a reason without end",
      ["rollback", "web", ...HERE, "--switched", "--reason", "x".repeat(501)],
      2,
      /expected a --reason of 1 to 500 characters, got 501$/,
    ],
    ["no reason", ["hold", "web", ...HERE], 2, /^Cannot hold web: expected a --reason, got none$/],
  ])("for %s", async (_, args, code, said) => {
    await configure(null);
    const run = await rig.tideline(args);
    expect({ code: run.code, lines: run.log.length }).toEqual({ code, lines: 1 });
    expect(run.log[0]).toMatch(said);
  });

  test("for a build that was never live", async () => {
    await configure("true");
    await twoBuilds();
    const run = await rig.tideline(["rollback", "web", ...HERE, "--to", "v9"]);
    expect(run.code).toBe(2);
    expect(last(run)).toContain("expected a tag, version, commit or build id that was live");
  });
});
