/** Who else is told of a deployment: a GitHub API on loopback, a program named sentry-cli. */
import { chmod, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DeployRig, json, Site, stampOf } from "@tideline/testing/deploy-rig";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { sentryRelease } from "./mirror-to-sentry.js";

let rig: DeployRig;
let github: Site;
beforeAll(async () => {
  rig = await DeployRig.open();
  github = await Site.start();
});
afterAll(async () => {
  await github?.close();
  await rig?.close();
});

let apps = 0;
let app: string;
beforeEach(async () => {
  app = `told-${++apps}`;
  await rig.writeStamp(stampOf("a", app));
});
afterEach(() => github.answers.clear());

const RECORD = ["record", "--file", "version.json"];
const TRUST = "Nobody looks whether it is served: without --probe the caller is trusted";

describe("GitHub", () => {
  const env = () => ({
    GITHUB_API_URL: github.url,
    GITHUB_REPOSITORY: "acme/shop",
    GITHUB_RUN_ID: "7",
    GITHUB_TOKEN: "a-github-token",
  });
  const told: { path: string; body: Record<string, unknown>; authorization: unknown }[] = [];
  const answer = (path: string, status: number, value: unknown) => {
    github.answers.set(path, async (request, response) => {
      let body = "";
      for await (const chunk of request) body += chunk;
      const { authorization } = request.headers;
      told.push({ path, body: JSON.parse(body), authorization });
      json(value, status)(request, response);
    });
  };
  const DEPLOYMENTS = "/repos/acme/shop/deployments";
  beforeEach(() => {
    told.length = 0;
    answer(DEPLOYMENTS, 201, { id: 42 });
    answer(`${DEPLOYMENTS}/42/statuses`, 201, { id: 43 });
  });

  test("is told of the deployment and its success, and merges nothing", async () => {
    rig.site.publish(stampOf("a", app));
    const probe = ["--probe", rig.site.url, "--probe-interval", "0.01"];
    const run = await rig.tideline([...RECORD, ...probe, "--github-deployment"], { env: env() });
    expect(run).toMatchObject({ code: 0, log: [] });
    expect(told).toMatchObject([
      {
        path: DEPLOYMENTS,
        authorization: "Bearer a-github-token",
        body: {
          ref: "a".repeat(40),
          environment: "staging",
          production_environment: false,
          auto_merge: false,
          required_contexts: [],
          task: `deploy:${app}`,
          payload: { appName: app, buildId: "build-a", epoch: 1 },
        },
      },
      {
        path: `${DEPLOYMENTS}/42/statuses`,
        body: {
          state: "success",
          environment_url: rig.site.url,
          log_url: "https://github.com/acme/shop/actions/runs/7",
          auto_inactive: false,
        },
      },
    ]);
  });

  test("is told where the variable says so, and not unasked", async () => {
    await rig.tideline(RECORD, { env: env() });
    expect(told).toEqual([]);
    await rig.tideline(RECORD, { env: { ...env(), TIDELINE_GITHUB_DEPLOYMENT: "1" } });
    expect(told).toHaveLength(2);
  });

  test("is not told of what the ledger refused", async () => {
    await rig.tideline(RECORD);
    await rig.tideline(["hold", app, "--environment", "staging", "--reason", "x"]);
    const run = await rig.tideline([...RECORD, "--github-deployment"], { env: env() });
    expect(run.code).toBe(3);
    expect(told).toEqual([]);
  });

  test.each<[title: string, change: () => Record<string, string | undefined>, said: string]>([
    [
      "a conflict",
      () => {
        answer(DEPLOYMENTS, 409, { message: "Conflict merging main" });
        return {};
      },
      "expected status 201 from <github>repos/acme/shop/deployments, got 409 (Conflict merging main)",
    ],
    [
      "a status that it did not take",
      () => {
        answer(`${DEPLOYMENTS}/42/statuses`, 422, {});
        return {};
      },
      "expected status 201 from <github>repos/acme/shop/deployments/42/statuses, got 422",
    ],
    ["no token", () => ({ GITHUB_TOKEN: undefined }), "expected GITHUB_TOKEN, got none"],
    [
      "no repository",
      () => ({ GITHUB_REPOSITORY: "../x/y" }),
      'expected GITHUB_REPOSITORY as "owner/name", got "../x/y"',
    ],
    [
      "a connection that breaks",
      () => {
        github.answers.set(DEPLOYMENTS, (request) => void request.socket.destroy());
        return {};
      },
      "other side closed",
    ],
  ])("%s is a warning, and the record stands", async (_, change, said) => {
    const all = { ...env(), ...change() };
    const run = await rig.tideline([...RECORD, "--github-deployment"], { env: all });
    expect(run.code).toBe(0);
    expect(run.log).toEqual([
      TRUST,
      `The deployment is recorded, but GitHub was not told: ${said.replace("<github>", github.url)}`,
    ]);
    expect(await rig.live(app)).toMatchObject({ buildId: "build-a" });
  });
});

describe("Sentry", () => {
  /** Puts a program named sentry-cli in front of PATH that notes its arguments and then runs this. */
  const install = async (script: string) => {
    const bin = join(rig.folder, "bin");
    await mkdir(bin, { recursive: true });
    const notes = join(rig.folder, "sentry.txt");
    await rm(notes, { force: true });
    const program = join(bin, "sentry-cli");
    await writeFile(program, `#!/bin/sh\necho "$SENTRY_AUTH_TOKEN $*" >> "${notes}"\n${script}\n`);
    await chmod(program, 0o755);
    const env = { PATH: `${bin}:${process.env.PATH}`, SENTRY_AUTH_TOKEN: "sentry-secret" };
    return { env, notes: async () => (await readFile(notes, "utf8")).trim().split("\n") };
  };

  test("gets a release and a deploy by its own program", async () => {
    const { env, notes } = await install("exit 0");
    expect(await rig.tideline(RECORD, { env })).toMatchObject({ code: 0, log: [TRUST] });
    const release = `${app}@1.0.0+build-a`;
    expect(await notes()).toEqual([
      `sentry-secret releases new --finalize ${release}`,
      `sentry-secret deploys new --release ${release} --env staging`,
    ]);
  });

  test("a program that fails is a warning with its first line", async () => {
    const { env } = await install("echo 'error: no organisation' >&2; echo more >&2; exit 1");
    const run = await rig.tideline(RECORD, { env });
    expect(run).toMatchObject({
      code: 0,
      log: [
        TRUST,
        "The deployment is recorded, but Sentry was not told: sentry-cli releases new failed: error: no organisation",
      ],
    });
  });

  test("where the program is not installed, nothing is said", async () => {
    const env = { PATH: join(rig.folder, "nothing-here"), SENTRY_AUTH_TOKEN: "s" };
    expect(await rig.tideline(RECORD, { env })).toMatchObject({ code: 0, log: [TRUST] });
  });

  test("without its token the program is not run", async () => {
    const { env, notes } = await install("exit 0");
    await rig.tideline(RECORD, { env: { ...env, SENTRY_AUTH_TOKEN: undefined } });
    await expect(notes()).rejects.toThrow("ENOENT");
  });

  test.each([
    ["web", "1.2.3", "0011", "web@1.2.3+0011"],
    ["web", "1.2.3", "label:feature/x y", "web@1.2.3+label:feature-x-y"],
    ["web", "1.2.3", "x".repeat(300), `web@1.2.3+${"x".repeat(190)}`],
  ])("names releases as Sentry takes them: %s %s", (name, version, buildId, release) => {
    expect(sentryRelease(name, version, buildId)).toBe(release);
  });
});
