/**
 * The command as a user has it: a real process of one bundled file, against a real HTTP server.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { withStampTag, writeVersionFile } from "@tideline/stamp";
import type { BuildId, BuildStamp } from "@tideline/version";
import { build, defaultServerConditions } from "vite";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { COMMANDS } from "./commands.js";

const REPOSITORY = fileURLToPath(new URL("../../..", import.meta.url));
const STAMP: BuildStamp = {
  appName: "web",
  environment: "staging",
  buildId: "00112233445566aa" as BuildId,
  version: "1.10",
  gitCommit: "ab".repeat(20),
  gitBranch: "main",
  gitDirty: false,
  gitTag: null,
  buildNumber: 3,
  buildTime: 1_700_000_000_000,
  commitTime: 1_600_000_000_000,
};
const RECORDED = {
  ok: true,
  deploymentId: "d1",
  kind: "deploy",
  buildId: STAMP.buildId,
  epoch: 4,
  alreadyRecorded: false,
};

const TRUST = "Nobody looks whether it is served: without --probe the caller is trusted\n";

/** What the ledger got. */
interface Call {
  readonly path: string;
  readonly args: Record<string, unknown>;
}

/** Answers one call, or leaves it open. */
type Answer = (response: ServerResponse, request: IncomingMessage) => void;

let program: string;
beforeAll(async () => {
  program = mkdtempSync(join(tmpdir(), "cli-program-"));
  copyFileSync(new URL("../package.json", import.meta.url), join(program, "package.json"));
  await build({
    configFile: false,
    logLevel: "silent",
    root: fileURLToPath(new URL(".", import.meta.url)),
    ssr: { noExternal: true, resolve: { conditions: ["convex", ...defaultServerConditions] } },
    build: { ssr: "main.ts", outDir: join(program, "dist"), emptyOutDir: true },
  });
});
afterAll(() => rmSync(program, { recursive: true, force: true }));

let folder: string;
let server: Server;
let url: string;
let calls: Call[];
let answers: Answer[];
const children = new Set<ChildProcess>();

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "cli-"));
  calls = [];
  answers = [];
  server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const { path, args } = JSON.parse(body);
    calls.push({ path: `${request.url} ${path}`, args: args[0] });
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    answer?.(response, request);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  for (const child of children) child.kill("SIGKILL");
  children.clear();
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

const value = (value: unknown): Answer => json(200, { status: "success", value, logLines: [] });
const json =
  (status: number, body: unknown): Answer =>
  (response) => {
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  };
const writeDist = async (stamp: BuildStamp = STAMP, page: BuildStamp = stamp) => {
  mkdirSync(join(folder, "dist"), { recursive: true });
  writeFileSync(join(folder, "dist/index.html"), withStampTag("<head></head>", page));
  await writeVersionFile(join(folder, "dist/version.json"), stamp);
};

const start = (args: readonly string[], env: Record<string, string> = {}, cwd = folder) => {
  const child = spawn(process.execPath, [join(program, "dist/main.js"), ...args], {
    cwd,
    env: { PATH: process.env.PATH, CONVEX_URL: url, TIDELINE_RECORD_TOKEN: "secret", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.add(child);
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  const ended = once(child, "close").then(([exitCode]) => ({
    exitCode,
    stdout,
    // Said of every record without a probe, see run-record.test.ts; these look at the rest.
    stderr: stderr.replace(TRUST, ""),
  }));
  return { child, ended };
};
const tideline = (args: readonly string[], env?: Record<string, string>, cwd?: string) =>
  start(args, env, cwd).ended;

describe("tideline record", () => {
  test("records what version.json says", async () => {
    await writeDist();
    answers = [value(RECORDED)];
    expect(await tideline(["record"])).toEqual({
      exitCode: 0,
      stdout:
        "Recorded web 1.10 (abababababab) in staging: deploy, build 00112233445566aa, epoch 4\n",
      stderr: "",
    });
    expect(calls).toEqual([
      {
        path: "/api/mutation deployments:recordDeployment",
        args: {
          appName: "web",
          environment: "staging",
          version: "1.10",
          gitCommit: STAMP.gitCommit,
          buildNumber: 3,
          buildTime: STAMP.buildTime,
          commitTime: STAMP.commitTime,
          gitTag: null,
          buildId: STAMP.buildId,
          idempotencyKey: expect.stringMatching(/^[0-9a-f-]{36}$/),
          token: "secret",
        },
      },
    ]);
  });

  test("--json prints one object", async () => {
    await writeDist();
    answers = [value({ ...RECORDED, alreadyRecorded: true })];
    const { stdout } = await tideline(["record", "--json", "--idempotency-key", "k"]);
    expect(JSON.parse(stdout)).toEqual({
      ...RECORDED,
      alreadyRecorded: true,
      appName: "web",
      environment: "staging",
      version: "1.10",
      idempotencyKey: "k",
    });
  });

  test("sends every option", async () => {
    await writeDist({ ...STAMP, environment: null });
    answers = [value(RECORDED)];
    const { exitCode, stderr } = await tideline([
      ...["record", "--app", "web", "--environment", "production", "--severity", "critical"],
      ...["--notes", "1.10", "--idempotency-key", "007", "--as-of-epoch", "3", "--allow-rollback"],
    ]);
    expect(exitCode).toBe(0);
    expect(stderr).toContain(`names no environment, so it hears of nothing`);
    expect(calls[0]?.args).toMatchObject({
      appName: "web",
      environment: "production",
      severity: "critical",
      notes: "1.10",
      idempotencyKey: "007",
      asOfEpoch: 3,
      allowRollback: true,
    });
  });

  test("the documented variables override the stamp, and say so", async () => {
    await writeDist({ ...STAMP, buildNumber: 0, gitTag: "v1.10" });
    answers = [value(RECORDED)];
    const commit = "cd".repeat(20);
    const { stderr } = await tideline(["record"], {
      VERSION: "2.0.0",
      GITHUB_SHA: commit,
      GITHUB_RUN_NUMBER: "9",
      GIT_TAG: "v2.0.0",
      NODE_ENV: "production",
    });
    expect(calls[0]?.args).toMatchObject({
      appName: "web",
      environment: "staging",
      version: "2.0.0",
      gitCommit: commit,
      buildNumber: 9,
      gitTag: "v2.0.0",
    });
    expect(stderr.trim().split("\n")).toEqual([
      'NODE_ENV is "production" and the environment is "staging"; NODE_ENV decides nothing',
      'VERSION is "2.0.0" and the stamp says "1.10"; recording the former',
      `GITHUB_SHA is "${commit}" and the stamp says "${STAMP.gitCommit}"; recording the former`,
      'GIT_TAG is "v2.0.0" and the stamp says "v1.10"; recording the former',
    ]);
  });

  test("TIDELINE_BUILD_NUMBER goes before GITHUB_RUN_NUMBER", async () => {
    await writeDist();
    answers = [value(RECORDED)];
    const numbers = { TIDELINE_BUILD_NUMBER: "12", GITHUB_RUN_NUMBER: "9" };
    expect((await tideline(["record"], numbers)).stderr).toBe(
      'TIDELINE_BUILD_NUMBER is "12" and the stamp says "3"; recording the former\n',
    );
    expect(calls[0]?.args.buildNumber).toBe(12);
  });

  test("a short form of the stamp's commit keeps the full one", async () => {
    await writeDist();
    answers = [value(RECORDED)];
    expect((await tideline(["record"], { GITHUB_SHA: "ABABABA" })).stderr).toBe("");
    expect(calls[0]?.args.gitCommit).toBe(STAMP.gitCommit);
  });

  test("a build of a tree with changes is recorded under no commit's own name", async () => {
    await writeDist({ ...STAMP, gitDirty: true });
    answers = [value(RECORDED)];
    const { stdout } = await tideline(["record"], { GITHUB_SHA: "abababa" });
    expect(calls[0]?.args.gitCommit).toBe(`${STAMP.gitCommit}-dirty`);
    expect(stdout).toContain("(abababababab-dirty)");
  });

  test.each<Record<string, string>>([{ CI: "true" }, { VERCEL: "1" }])(
    "with %j a tree with changes keeps its commit's name, whose jobs may run again",
    async (env) => {
      await writeDist({ ...STAMP, gitDirty: true });
      answers = [value(RECORDED)];
      await tideline(["record"], env);
      expect(calls[0]?.args.gitCommit).toBe(STAMP.gitCommit);
    },
  );

  test("a variable that holds what it cannot is named, and the stamp holds", async () => {
    await writeDist();
    answers = [value(RECORDED)];
    const { stderr } = await tideline(["record"], {
      GITHUB_SHA: "main",
      GITHUB_RUN_NUMBER: "7.5",
    });
    expect(calls[0]?.args).toMatchObject({ gitCommit: STAMP.gitCommit, buildNumber: 3 });
    expect(stderr.trim().split("\n")).toEqual([
      `GITHUB_SHA is "main", which is no commit; recording "${STAMP.gitCommit}"`,
      'GITHUB_RUN_NUMBER is "7.5", which is no whole number; recording 3',
    ]);
  });

  test("a build without version.json is recorded by its label", async () => {
    answers = [value(RECORDED)];
    const args = ["record", "--label", "1.10", "--app", "api", "--environment", "production"];
    expect((await tideline(args)).exitCode).toBe(0);
    expect(calls[0]?.args).toMatchObject({
      version: "1.10",
      buildId: "label:1.10",
      appName: "api",
    });
  });

  test("a label is of the app that --app names, whatever the variables say", async () => {
    answers = [value(RECORDED)];
    const args = ["record", "--label", "1.10", "--app", "api", "--environment", "production"];
    expect((await tideline(args, { APP_NAME: "web" })).exitCode).toBe(0);
    expect(calls[0]?.args).toMatchObject({ appName: "api" });
  });

  test("announces and ends an announcement", async () => {
    await writeDist();
    answers = [
      value({ ok: true, state: "pending", buildId: STAMP.buildId, epoch: 1, expiresAt: 5 }),
      value({ ok: true }),
      value({
        ok: false,
        code: "NOTHING_PENDING",
        message: "Cannot abort deployment: not pending",
      }),
    ];
    expect((await tideline(["record", "--announce"])).stdout).toContain("Announced web 1.10");
    expect((await tideline(["record", "--abort"])).stdout).toContain(
      "Ended the announcement of web",
    );
    expect(await tideline(["record", "--abort"])).toMatchObject({ exitCode: 3, stdout: "" });
    const target = {
      appName: "web",
      environment: "staging",
      buildId: STAMP.buildId,
      token: "secret",
    };
    expect(calls.map(({ path }) => path.split(":")[1])).toEqual([
      "announceDeployment",
      "abortDeployment",
      "abortDeployment",
    ]);
    expect(calls[0]?.args).toEqual({ ...target, version: "1.10", gitCommit: STAMP.gitCommit });
    expect(calls[1]?.args).toEqual(target);
  });

  test("an announcement of what is or was live says that the target knows it", async () => {
    await writeDist();
    const known = { ok: true, state: "live", buildId: STAMP.buildId, epoch: 2, expiresAt: null };
    answers = [value(known)];
    expect((await tideline(["record", "--announce"])).stdout).toBe(
      "Nothing to announce: web 1.10 (abababababab) is already known to web/staging\n",
    );
  });

  test("--dry-run sends nothing and needs no token", async () => {
    await writeDist();
    const { exitCode, stdout } = await tideline(["record", "--dry-run", "--json"], {
      TIDELINE_RECORD_TOKEN: "",
    });
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ dryRun: true, record: { version: "1.10" } });
    expect(calls).toEqual([]);
  });

  test("finds the token in a folder above, and writes it nowhere", async () => {
    await writeDist();
    mkdirSync(join(folder, ".tideline"));
    mkdirSync(join(folder, "apps/web"), { recursive: true });
    writeFileSync(join(folder, ".tideline/record-token"), "from-file\n");
    answers = [value(RECORDED)];
    const { stdout, stderr } = await tideline(
      ["record", "--dist", "../../dist", "--json"],
      { TIDELINE_RECORD_TOKEN: "" },
      join(folder, "apps/web"),
    );
    expect(calls[0]?.args.token).toBe("from-file");
    expect(stdout + stderr).not.toContain("from-file");
  });

  test("an attempt of a CI job has one key, the next attempt another", async () => {
    await writeDist();
    answers = [value(RECORDED)];
    const ci = { GITHUB_ACTIONS: "true", GITHUB_RUN_ID: "1", GITHUB_JOB: "deploy" };
    for (const attempt of ["1", "1", "2"]) {
      await tideline(["record"], { ...ci, GITHUB_RUN_ATTEMPT: attempt });
    }
    const [first, again, next] = calls.map(({ args }) => args.idempotencyKey);
    expect(again).toBe(first);
    expect(next).not.toBe(first);
    expect(first).toMatch(/^github_actions:[0-9a-f]{32}$/);
  });
});

describe("what is tried again", () => {
  const cutOff: Answer = (_, request) => request.socket.destroy();
  const halfAnAnswer: Answer = (response, request) => {
    response.writeHead(200, { "content-length": "1000" }).write('{"status":');
    setImmediate(() => request.socket.destroy());
  };
  test.each<[title: string, answer: Answer, said: string]>([
    ["503", json(503, { code: "Overloaded", message: "busy" }), "status 503 (busy)"],
    ["429", json(429, {}), "status 429"],
    ["a proxy's page", (response) => void response.writeHead(502).end("<html>"), "status 502"],
    ["a broken connection", cutOff, "other side closed"],
    ["half an answer", halfAnAnswer, "other side closed"],
  ])("%s, under the same key", async (_, answer, said) => {
    await writeDist();
    answers = [answer, value(RECORDED)];
    const { exitCode, stderr } = await tideline(["record"]);
    expect(exitCode).toBe(0);
    expect(stderr).toBe(`Attempt 1 to record web in staging failed: ${said}; trying again\n`);
    expect(calls).toHaveLength(2);
    expect(calls[1]).toEqual(calls[0]);
  });

  test("is given up after the timeout, with the key that makes a repetition safe", async () => {
    await writeDist();
    answers = [json(503, {})];
    const { exitCode, stdout, stderr } = await tideline([
      "record",
      "--timeout",
      "0.3",
      "--idempotency-key",
      "k",
    ]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
    expect(stderr.trim().split("\n").slice(-2)).toEqual([
      "To repeat it safely, add --idempotency-key k",
      `Cannot record web in staging: no answer from ${url} within 0.3 s; the last attempt: status 503`,
    ]);
  });

  test("a server that never answers is given up too", async () => {
    await writeDist();
    answers = [() => {}];
    const { exitCode, stderr } = await tideline(["record", "--timeout", "0.5"]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(`no answer from ${url} within 0.5 s`);
  });

  test("nothing that was never sent, like a call to a port that fetch refuses", async () => {
    await writeDist();
    const { exitCode, stderr } = await tideline(["record", "--url", "http://127.0.0.1:1"]);
    expect(exitCode).toBe(1);
    expect(stderr).toBe(
      "Cannot record web in staging at http://127.0.0.1:1: browsers refuse to open its port, use another\n",
    );
  });

  test("nothing that the ledger itself says", async () => {
    await writeDist();
    const errorData = { code: "UNAUTHENTICATED", message: "Cannot record deployment: wrong token" };
    answers = [
      json(560, { status: "error", errorMessage: "Uncaught ConvexError", errorData, logLines: [] }),
    ];
    const { exitCode, stdout, stderr } = await tideline(["record", "--json"]);
    expect(exitCode).toBe(1);
    expect(stderr).toBe("Cannot record deployment: wrong token\n");
    expect(JSON.parse(stdout)).toEqual({ ok: false, kind: "failed", ...errorData });
    expect(calls).toHaveLength(1);
  });
});

describe("one sentence", () => {
  const failure = async (answer: Answer) => {
    await writeDist();
    answers = [answer];
    const { exitCode, stderr } = await tideline(["record", "--idempotency-key", "k"]);
    return { exitCode, last: stderr.trim().split("\n").at(-1) };
  };

  test("for a refusal, with exit code 3", async () => {
    const message = "Cannot record deployment: 1.10 was live before 1.11";
    expect(await failure(value({ ok: false, code: "ROLLBACK_NOT_ALLOWED", message }))).toEqual({
      exitCode: 3,
      last: message,
    });
  });

  test("names the options of this command, whatever the ledger's arguments are called", async () => {
    const message = 'Cannot record "allowRollback" (abc); record it with allowRollback';
    expect(await failure(value({ ok: false, code: "ROLLBACK_NOT_ALLOWED", message }))).toEqual({
      exitCode: 3,
      last: 'Cannot record "allowRollback" (abc); record it with --allow-rollback',
    });
    const errorData = { code: "INVALID_ARGUMENT", message: "expected asOfEpoch of at most 4" };
    const error = { status: "error", errorMessage: "Uncaught", errorData, logLines: [] };
    expect((await failure(json(560, error))).last).toBe("expected --as-of-epoch of at most 4");
  });

  test("for an address that has no functions, without a key to repeat it", async () => {
    await writeDist();
    answers = [json(404, {})];
    expect((await tideline(["record"])).stderr).toBe(
      `Cannot record web in staging at ${url}: status 404; this is not the address of a Convex deployment's functions\n`,
    );
  });

  test("for a version.json that is none", async () => {
    await writeDist();
    const path = join(folder, "dist/version.json");
    writeFileSync(path, "<html>");
    expect((await tideline(["record"])).stderr).toBe(
      `Cannot parse "${path}": expected JSON, got something else\n`,
    );
  });

  test("for a deployment without Tideline's functions", async () => {
    const errorMessage =
      "[Request ID: 0123456789abcdef] Server Error\nCould not find public function for 'deployments:recordDeployment'. Did you forget to run `npx convex dev`?";
    expect(await failure(json(560, { status: "error", errorMessage, logLines: [] }))).toEqual({
      exitCode: 1,
      last: `Cannot record web in staging: ${url} has no function "deployments:recordDeployment", deploy your convex folder first`,
    });
  });

  test("for a function that answers like another", async () => {
    expect((await failure(value(null))).last).toBe(
      "Cannot record web in staging: expected the answer of Tideline's deployments:recordDeployment, got null",
    );
  });

  test("for an address that is a web page", async () => {
    expect((await failure((response) => void response.end("<!doctype html>\n<p>"))).last).toBe(
      `Cannot record web in staging at ${url}: expected the JSON of a Convex deployment, got "<!doctype html> <p>"`,
    );
  });

  test.each<
    [title: string, args: string[], env: Record<string, string>, exitCode: number, last: string]
  >([
    [
      "another environment",
      ["--environment", "production"],
      {},
      3,
      'Cannot record web: it was built for "staging" and is to be recorded for "production"',
    ],
    [
      "another environment by variable",
      [],
      { TIDELINE_ENVIRONMENT: "production" },
      3,
      'Cannot record web: it was built for "staging" and is to be recorded for "production"',
    ],
    [
      "another app",
      ["--app", "shop"],
      {},
      3,
      'Cannot record web: it was built as "web" and is to be recorded as "shop"',
    ],
    [
      "another app by variable",
      [],
      { APP_NAME: "shop" },
      3,
      'Cannot record web: it was built as "web" and is to be recorded as "shop"',
    ],
    [
      "an app that the ledger would not take",
      ["--app", "a b", "--dry-run"],
      {},
      2,
      'Cannot record: expected an application of 1 to 64 letters, digits, ".", "_" or "-", beginning with a letter or digit, got "a b"',
    ],
    [
      "an environment that the ledger would not take",
      ["--dry-run"],
      { TIDELINE_ENVIRONMENT: "-x" },
      2,
      'Cannot record: expected an environment of 1 to 64 letters, digits, ".", "_" or "-", beginning with a letter or digit, got "-x"',
    ],
    [
      "no address",
      [],
      { CONVEX_URL: "" },
      2,
      "Cannot reach the ledger: no Convex deployment is named, set CONVEX_URL or use --url",
    ],
    [
      "a wrong address",
      ["--url", "localhost:3210"],
      {},
      2,
      'Cannot reach the ledger: expected an http or https address in --url, got "localhost:3210"',
    ],
    [
      "no token",
      [],
      { TIDELINE_RECORD_TOKEN: "" },
      2,
      'Cannot record: there is no record token, set TIDELINE_RECORD_TOKEN or keep it in ".tideline/record-token"; a job of GitHub Actions with "permissions: id-token: write" needs none',
    ],
    [
      "no artifact",
      ["--dist", "out"],
      {},
      2,
      'Cannot record: there is no "out/version.json", build first or name the folder with --dist',
    ],
    [
      "a wrong severity",
      ["--severity", "high"],
      {},
      2,
      'Cannot use --severity: expected "normal" or "critical", got "high"',
    ],
    [
      "a wrong time-out",
      ["--timeout", "soon"],
      {},
      2,
      'Cannot use --timeout: expected a number from 0.1 to 86400, got "soon"',
    ],
    ["an unknown option", ["--force"], {}, 2, "Cannot run \"record\": Unknown option '--force'"],
    [
      "an option without its value",
      ["--app"],
      {},
      2,
      "Cannot run \"record\": Option '--app <value>' argument missing",
    ],
    ["both forms", ["--announce", "--abort"], {}, 2, "Cannot use --announce and --abort together"],
  ])("for %s", async (_, args, env, exitCode, last) => {
    await writeDist();
    expect(await tideline(["record", ...args], env)).toEqual({
      exitCode,
      stdout: "",
      stderr: `${last}\n`,
    });
    expect(calls).toEqual([]);
  });

  test("for a page of another environment or of another build", async () => {
    await writeDist({ ...STAMP, environment: null }, { ...STAMP, environment: "staging" });
    const page = join(folder, "dist/index.html");
    expect((await tideline(["record", "--environment", "production"])).stderr).toBe(
      `Cannot record web: "${page}" is a page for "staging" and is to be recorded for "production"\n`,
    );
    await writeDist(STAMP, { ...STAMP, buildId: "ffff" as BuildId });
    expect(await tideline(["record"])).toEqual({
      exitCode: 3,
      stdout: "",
      stderr: `Cannot record web: "${page}" is build ffff and its version.json says ${STAMP.buildId}, build again\n`,
    });
  });

  test("for any page of the artifact that is another build's or app's", async () => {
    await writeDist();
    mkdirSync(join(folder, "dist/help"));
    const page = join(folder, "dist/help/start.html");
    writeFileSync(page, withStampTag("<head></head>", { ...STAMP, buildId: "ffff" as BuildId }));
    expect(await tideline(["record"])).toEqual({
      exitCode: 3,
      stdout: "",
      stderr: `Cannot record web: "${page}" is build ffff and its version.json says ${STAMP.buildId}, build again\n`,
    });
    writeFileSync(page, withStampTag("<head></head>", { ...STAMP, appName: "shop" }));
    expect((await tideline(["record"])).stderr).toBe(
      `Cannot record web: "${page}" is a page of "shop" and is to be recorded as "web"\n`,
    );
    expect(calls).toEqual([]);
    // Below the folder of a file that lies elsewhere may be other artifacts.
    answers = [value(RECORDED)];
    expect(await tideline(["record", "--file", "dist/version.json"])).toMatchObject({
      exitCode: 0,
      stderr: "",
    });
  });

  test("for all pages that name no environment", async () => {
    await writeDist({ ...STAMP, environment: null });
    const page = withStampTag("<head></head>", { ...STAMP, environment: null });
    writeFileSync(join(folder, "dist/other.html"), page);
    const { stderr } = await tideline(["record", "--environment", "staging", "--dry-run"]);
    expect(stderr).toBe(
      `The page "${join(folder, "dist/index.html")}" and 1 more name no environment, so they hear of nothing until publishing writes "staging" into their stamps\n`,
    );
  });

  test("for an unknown command", async () => {
    expect(await tideline(["deploy"])).toEqual({
      exitCode: 2,
      stdout: "",
      stderr: `Cannot run "deploy": expected one of the commands ${Object.keys(COMMANDS).join(", ")}\n`,
    });
  });
});

describe("signals", () => {
  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("%s while waiting for the ledger exits with %d", async (signal, exitCode) => {
    await writeDist();
    const { child, ended } = start(["record", "--idempotency-key", "k"]);
    answers = [() => child.kill(signal)];
    expect(await ended).toEqual({
      exitCode,
      stdout: "",
      stderr:
        "To repeat it safely, add --idempotency-key k\nStopped before the ledger answered: record web in staging\n",
    });
  });

  test("SIGINT between two attempts ends the pause", async () => {
    await writeDist();
    answers = [json(503, {})];
    const { child, ended } = start(["record", "--timeout", "600"]);
    child.stderr.once("data", () => child.kill("SIGINT"));
    expect((await ended).exitCode).toBe(130);
  });
});

describe("tideline stamp", () => {
  test("stamps an artifact that no plugin made, once and again the same", async () => {
    mkdirSync(join(folder, "public"));
    writeFileSync(join(folder, "public/index.html"), "<html><head></head></html>");
    const args = ["stamp", "--dist", "public", "--write", "--json", "--app", "docs"];
    const first = JSON.parse((await tideline(args)).stdout);
    const again = JSON.parse((await tideline(args)).stdout);
    expect(first).toMatchObject({ appName: "docs", environment: "local" });
    expect(again.buildId).toBe(first.buildId);
    answers = [value(RECORDED)];
    expect((await tideline(["record", "--dist", "public"])).exitCode).toBe(0);
    expect(calls[0]?.args).toMatchObject({ buildId: first.buildId, appName: "docs" });
  });

  test("in CI needs an environment", async () => {
    expect(await tideline(["stamp", "--app", "docs"], { CI: "1" })).toMatchObject({ exitCode: 2 });
  });
});

test("help and version go to the output", async () => {
  const { exitCode, stdout, stderr } = await tideline(["record", "--help"]);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  expect(stdout).toContain("--allow-rollback");
  expect((await tideline([])).stdout).toMatch(/^ {2}record +Record that a build is live now$/m);
  expect((await tideline(["--version"])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test("scripts/record-deployment is the same under another name", async () => {
  await writeDist();
  answers = [value(RECORDED)];
  const child = spawn(
    process.execPath,
    ["scripts/run.mjs", "record-deployment", "--dist", join(folder, "dist")],
    {
      cwd: REPOSITORY,
      env: { PATH: process.env.PATH, CONVEX_URL: url, TIDELINE_RECORD_TOKEN: "secret" },
      stdio: "ignore",
    },
  );
  children.add(child);
  expect((await once(child, "close"))[0]).toBe(0);
  expect(calls[0]?.args).toMatchObject({ appName: "web", environment: "staging" });
});
