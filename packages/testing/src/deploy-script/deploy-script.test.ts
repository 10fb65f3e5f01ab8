/** build.sh and deploy.sh as processes: what a build is called, and which way it goes. */
import { execFile, spawn } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { startServer } from "@tideline/embedded";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { REPOSITORY } from "../../../../scripts/build-app.js";
import { startSiteHost } from "../../../../scripts/site-host.js";
import { LocalRig, type Variables } from "../local-rig.js";
import { DockerShim, runWithShim } from "./docker-shim.js";
import { NOTHING_EXPORTED } from "./nothing-exported.js";

let rig: LocalRig;
let shim: DockerShim;

beforeAll(async () => {
  rig = await LocalRig.create(NOTHING_EXPORTED);
  shim = await DockerShim.create();
});
afterAll(async () => {
  await rig?.dispose();
  await shim?.dispose();
});
beforeEach(async () => void (await shim.calls()));

const build = (from: LocalRig, variables: Variables = {}, ...args: string[]) =>
  runWithShim(from, shim, variables, "build.sh", ...args);
const deploy = (from: LocalRig, variables: Variables = {}, ...args: string[]) =>
  runWithShim(from, shim, variables, "deploy.sh", ...args);

describe("the name of a build", () => {
  test("is the commit's first 12 digits where everything is committed", async () => {
    const { code, said } = await build(rig);
    const head = await rig.head();
    expect([code, said]).toEqual([0, expect.stringContaining(`Version: ${head.slice(0, 12)}\n`)]);
    expect(said).not.toContain("Warning");
    const time = (await rig.run("git", "show", "-s", "--format=%ct")).said.trim();
    expect(await shim.calls()).toEqual([
      `compose build --build-arg SPOT_VERSION=${head.slice(0, 12)} --build-arg GIT_SHA=${head} --build-arg SOURCE_DATE_EPOCH=${time} ledger web`,
    ]);
    // Compose reads the same from the environment, where it is run by hand.
    expect(await shim.read("build-env")).toBe(
      `GIT_SHA=${head}\nSOURCE_DATE_EPOCH=${time}\nSPOT_VERSION=${head.slice(0, 12)}\n`,
    );
  });

  test("ends with -dirty where something is uncommitted, and five files are named", async () => {
    const clone = await rig.clone();
    try {
      for (const name of ["a", "b", "c", "d", "e", "f", "g"]) {
        await writeFile(join(clone.folder, `${name}.txt`), name);
      }
      const { said } = await build(clone);
      const head = await clone.head();
      expect(said).toContain(
        "Warning: Working directory has uncommitted changes: a.txt, b.txt, c.txt, d.txt, e.txt and 2 more\n",
      );
      expect(said).toContain(`Version: ${head.slice(0, 12)}-dirty\n`);
      // No time of the commit: it is not the commit that is built.
      expect(await shim.calls()).toEqual([
        `compose build --build-arg SPOT_VERSION=${head.slice(0, 12)}-dirty --build-arg GIT_SHA=${head}-dirty ledger web`,
      ]);
    } finally {
      await clone.dispose();
    }
  });

  test("is the time in UTC outside a repository", async () => {
    const exported = await rig.export();
    try {
      // A zone where the local time differs from UTC's.
      const { said } = await build(exported, { TZ: "Asia/Kathmandu" });
      const label = /^Version: (\d{8}-\d{6})$/m.exec(said)?.[1] ?? "";
      expect(said).toContain(`Warning: Not in a git repository, using timestamp ${label}\n`);
      const [hours] = /(?<=-)\d\d/.exec(label) ?? [];
      const now = new Date();
      expect([now.getUTCHours(), (now.getUTCHours() + 23) % 24]).toContain(Number(hours));
      expect(await shim.calls()).toEqual([
        `compose build --build-arg SPOT_VERSION=${label} --build-arg GIT_SHA= ledger web`,
      ]);
    } finally {
      await exported.dispose();
    }
  });

  test("is the commit that CI names, also where the sources are in no repository", async () => {
    const sha = "0123456789abcdef0123456789abcdef01234567";
    const exported = await rig.export();
    try {
      const ci = { CI: "true", GITHUB_ACTIONS: "true", GITHUB_SHA: sha };
      const { said } = await build(exported, ci);
      expect(said).toContain("Version: 0123456789ab\n");
      expect(said).not.toContain("Warning");
      expect((await shim.calls())[0]).toContain(`--build-arg GIT_SHA=${sha} `);
    } finally {
      await exported.dispose();
    }
  });

  test.each<[string, Variables, string]>([
    ["SPOT_VERSION", { SPOT_VERSION: "v1.2.3" }, "v1.2.3"],
    ["TIDELINE_VERSION", { TIDELINE_VERSION: "4.20.5" }, "4.20.5"],
    ["a full commit", { SPOT_VERSION: "a".repeat(40), CI: "1" }, "a".repeat(40)],
  ])("is what %s says, before everything else", async (_, variables, version) => {
    const { said } = await build(rig, variables);
    expect(said).toContain(`Version: ${version}\n`);
    expect((await shim.calls())[0]).toContain(`--build-arg SPOT_VERSION=${version} `);
  });

  test("stays the commit where the commit has a tag", async () => {
    const clone = await rig.clone();
    try {
      await clone.run("git", "tag", "v3.0.0");
      const { said } = await build(clone);
      expect(said).toContain(`Version: ${(await clone.head()).slice(0, 12)}\n`);
    } finally {
      await clone.dispose();
    }
  });

  test.each<[Variables, string]>([
    [{ SPOT_VERSION: "a b" }, "Cannot use SPOT_VERSION as the version: expected 1 to 63"],
    [
      { SPOT_VERSION: "a", TIDELINE_VERSION: "b" },
      'SPOT_VERSION is "a" and TIDELINE_VERSION is "b"',
    ],
  ])("of %j is refused before anything is built", async (variables, sentence) => {
    const { code, said } = await deploy(rig, variables);
    expect([code, said]).toEqual([1, expect.stringContaining(sentence)]);
    expect(await shim.calls()).toEqual([]);
  });
});

describe("the way of a deployment", () => {
  test("with Docker is build, restart and record, on a ledger that knows the token", async () => {
    const token = "a-token-of-the-test";
    const server = await startServer({
      dir: join(REPOSITORY, "convex"),
      data: join(shim.folder, "data"),
      port: 0,
      sitePort: 0,
      env: { TIDELINE_RECORD_TOKEN: token },
      log: () => {},
    });
    const host = await startSiteHost(shim.site, 0, "--port");
    const clone = await rig.clone();
    const live = async () => {
      const args = { appName: "web", environment: "local" };
      const response = await fetch(`${server.url}/api/query`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({
          path: "deployments:watchLatestDeployment",
          args,
          format: "json",
        }),
      });
      return ((await response.json()) as { value: Record<string, unknown> }).value;
    };
    try {
      await shim.publish(server.url, host.url);
      // Once with the token that is kept, once with one that is set.
      await mkdir(join(clone.folder, ".tideline"));
      await writeFile(join(clone.folder, ".tideline/record-token"), `${token}\n`);
      const head = await clone.head();
      const first = await deploy(clone);
      expect(first.code, first.said).toBe(0);
      expect((await shim.calls()).map((call) => call.split(" ").slice(0, 2).join(" "))).toEqual([
        "compose build",
        "compose up",
        "compose port",
        "compose port",
      ]);
      expect(await live()).toMatchObject({
        version: head.slice(0, 12),
        gitCommit: head,
        epoch: 1,
      });
      expect(await shim.read("ledger.env")).toBe(`TIDELINE_RECORD_TOKEN='${token}'\n`);
      expect((await stat(join(clone.folder, ".tideline/ledger.env"))).mode & 0o777).toBe(0o600);

      await clone.rename("Tidepool", "Rockpool");
      await writeFile(join(clone.folder, ".tideline/record-token"), "another token than that\n");
      const variables = { TIDELINE_RECORD_TOKEN: token };
      const second = await deploy(clone, variables, "--", "--severity", "critical");
      expect(second.code, second.said).toBe(0);
      expect(await live()).toMatchObject({
        version: `${head.slice(0, 12)}-dirty`,
        epoch: 2,
        criticalEpoch: 2,
      });
    } finally {
      await rm(join(shim.folder, "ports"), { force: true });
      await clone.dispose();
      await host.close();
      await server.close();
    }
  }, 120_000);

  test("with a ledger elsewhere starts none here", async () => {
    const { said } = await deploy(
      rig,
      { CONVEX_URL: "https://example.convex.cloud" },
      ...["--dry-run", "web", "admin"],
    );
    expect(said).toMatch(/^\+ docker compose build .* web admin$/m);
    expect(said).toMatch(/^\+ docker compose up -d --wait web admin$/m);
    expect(said).not.toContain("ledger");
  });

  test("takes from .env what Compose takes from it, and what is set goes before", async () => {
    const clone = await rig.clone();
    try {
      const lines = ["CONVEX_URL=https://example.convex.cloud", "SPOT_VERSION=v7.0.0"];
      await writeFile(join(clone.folder, ".env"), lines.join("\n"));
      const { said } = await deploy(clone, {}, "--dry-run");
      expect(said).toContain("Version: v7.0.0\n");
      expect(said).toContain("--url https://example.convex.cloud\n");
      expect(said).not.toContain("ledger");
      const named = await deploy(clone, { SPOT_VERSION: "v8.0.0" }, "--dry-run");
      expect(named.said).toContain("Version: v8.0.0\n");
    } finally {
      await clone.dispose();
    }
  });

  test("with --dry-run is only shown", async () => {
    const { code, said } = await deploy(rig, {}, "--dry-run", "--", "--notes", "It's new");
    expect(code, said).toBe(0);
    const shown = said.split("\n").filter((line) => line.startsWith("+ "));
    expect(shown).toEqual([
      "+ node scripts/run.mjs ledger-env",
      expect.stringMatching(/^\+ docker compose build .* ledger web$/),
      "+ docker compose up -d --wait ledger web",
      expect.stringMatching(
        /^\+ node scripts\/run\.mjs record-deployment .* --notes It\\'s\\ new$/,
      ),
    ]);
    expect(await shim.calls()).toEqual([]);
  });

  test("without an engine, or without compose, goes to npm start and says so", async () => {
    for (const what of ["engine", "compose"] as const) {
      await shim.lack(what, true);
      const { code, said } = await deploy(rig);
      expect(said).toContain(
        what === "engine"
          ? "Without Docker: no Docker engine answers\n"
          : "Without Docker: found docker without compose\n",
      );
      expect([code, said.trimEnd().split("\n").at(-1)]).toEqual([
        1,
        "Cannot deploy web: Tideline does not run here; run npm start in another terminal first",
      ]);
      const asked = await deploy(rig, {}, "--docker");
      expect([asked.code, asked.said]).toEqual([1, expect.stringContaining("with Docker: ")]);
      await shim.lack(what, false);
    }
    expect(await shim.calls()).toEqual([]);
  });

  test("a step that fails ends it with that step's exit code", async () => {
    const failing = await mkdtemp(join(tmpdir(), "tideline-failing-"));
    try {
      const program = '#!/bin/sh\necho "$*" >>"$SHIM/calls"\n[ "$2" != build ] || exit 17\n';
      await writeFile(join(failing, "docker"), program, { mode: 0o755 });
      const { code } = await rig.runWith(
        { ...shim.variables, PATH: `${failing}:${process.env.PATH}` },
        join(rig.folder, "deploy.sh"),
      );
      expect(code).toBe(17);
      expect((await shim.calls()).filter((call) => call.startsWith("compose up"))).toEqual([]);
    } finally {
      await rm(failing, { recursive: true });
    }
  });

  test("Ctrl-C ends it where it is: nothing is restarted", async () => {
    const slow = await mkdtemp(join(tmpdir(), "tideline-slow-"));
    try {
      const program =
        '#!/bin/sh\necho "$*" >>"$SHIM/calls"\n[ "$2" != build ] || { echo building; exec sleep 60; }\n';
      await writeFile(join(slow, "docker"), program, { mode: 0o755 });
      const child = spawn(join(rig.folder, "deploy.sh"), [], {
        env: {
          ...process.env,
          ...NOTHING_EXPORTED,
          ...shim.variables,
          PATH: `${slow}:${process.env.PATH}`,
        },
        // A terminal sends Ctrl-C to the whole group, which therefore is one of its own.
        detached: true,
        stdio: ["ignore", "pipe", "ignore"],
      });
      const ended = new Promise((resolve) => {
        child.once("exit", (code, signal) => resolve(signal ?? code));
      });
      child.stdout.setEncoding("utf8").on("data", (text: string) => {
        if (text.includes("building")) process.kill(-(child.pid ?? 0), "SIGINT");
      });
      expect(await ended).toBe("SIGINT");
      expect((await shim.calls()).filter((call) => call.startsWith("compose up"))).toEqual([]);
    } finally {
      await rm(slow, { recursive: true });
    }
  });

  test("from any folder, by any path, is one and the same", async () => {
    const { said } = await shimmedIn(tmpdir(), join(rig.folder, "build.sh"));
    expect(said).toContain(`Version: ${(await rig.head()).slice(0, 12)}\n`);
    const relative = await shimmedIn(join(rig.folder, "apps/web"), "../../build.sh");
    expect(relative.said).toContain(`Version: ${(await rig.head()).slice(0, 12)}\n`);
    expect(await shim.calls()).toHaveLength(2);
  });
});

describe("the command line", () => {
  test.each(["build.sh", "deploy.sh"])("%s --help is usage, no work", async (script) => {
    const { code, said } = await runWithShim(rig, shim, {}, script, "--help");
    expect([code, said]).toEqual([0, expect.stringMatching(/^Usage: \.\//)]);
    expect(await shim.calls()).toEqual([]);
  });

  test.each([
    [["foo"], 'Cannot deploy "foo": expected one of web, admin, marketing'],
    [["--nonsense"], 'Cannot deploy: unknown option "--nonsense"; see ./deploy.sh --help'],
  ])("deploy.sh %j is one sentence", async (args, sentence) => {
    expect(await deploy(rig, {}, ...args)).toEqual({ code: 2, said: `${sentence}\n` });
  });

  test("without the dependencies the sentence says how to get them", async () => {
    const clone = await rig.clone();
    try {
      await rm(join(clone.folder, "node_modules"));
      expect(await build(clone)).toEqual({
        code: 1,
        said: "Cannot build: expected the dependencies, run npm install first\n",
      });
    } finally {
      await clone.dispose();
    }
  });

  test("build.sh without Docker leaves a stamped build in the app's dist", async () => {
    const clone = await rig.clone();
    try {
      const { code, said } = await build(clone, {}, "--no-docker", "web");
      expect(code, said).toBe(0);
      const dist = join(clone.folder, "apps/web/dist");
      expect(await readdir(dist)).toContain("index.html");
      const stamp = JSON.parse(await readFile(join(dist, "version.json"), "utf8"));
      const head = await clone.head();
      expect(stamp).toMatchObject({ version: head.slice(0, 12), gitCommit: head, gitDirty: false });
    } finally {
      await clone.dispose();
    }
  });
});

test("shellcheck finds nothing in the scripts", async () => {
  const files = ["build.sh", "deploy.sh", "scripts/build-and-deploy.sh"];
  await promisify(execFile)("shellcheck", ["--external-sources", ...files], { cwd: REPOSITORY });
});

function shimmedIn(cwd: string, script: string) {
  const env = { ...process.env, ...NOTHING_EXPORTED, ...shim.variables };
  return new Promise<{ said: string }>((resolve) => {
    execFile(script, { cwd, env }, (_, stdout, stderr) => resolve({ said: stdout + stderr }));
  });
}
