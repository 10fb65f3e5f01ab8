/** The command, as a process. */
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { EventStream } from "@tideline/testing/event-stream";
import { LedgerRig } from "@tideline/testing/ledger-rig";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { VERSION } from "./version.js";

const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));
let ledger: LedgerRig;
const children: ChildProcess[] = [];

beforeAll(async () => {
  ledger = await LedgerRig.create();
  await ledger.record("a1");
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});
afterAll(() => ledger.dispose());

function run(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  fileLimit: number | "" = "",
) {
  const { CONVEX_URL: _, ...inherited } = process.env;
  const node = [process.execPath, "--conditions=convex", "--import", "tsx", MAIN, ...args];
  const script = 'limit=$1; shift; if [ -n "$limit" ]; then ulimit -n "$limit"; fi; exec "$@"';
  const child = spawn("/bin/sh", ["-c", script, "sh", `${fileLimit}`, ...node], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...inherited, ...env },
  });
  children.push(child);
  let output = "";
  let look = () => {};
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      look();
    });
  }
  const ended = new Promise<{ code: number | null; output: string }>((resolve) => {
    child.once("close", (code) => resolve({ code, output }));
  });
  return {
    child,
    ended,
    says: (pattern: RegExp) =>
      new Promise<RegExpExecArray>((resolve, reject) => {
        look = () => {
          const match = pattern.exec(output);
          if (match !== null) resolve(match);
        };
        look();
        void ended.then(() => reject(new Error(`It ended and said: ${output}`)));
      }),
  };
}

const TARGET = ["--target", "web/production"];

test("it takes the address from CONVEX_URL, and says as JSON what it does", async () => {
  const gateway = run([...TARGET, "--port", "0", "--json", "--log-level", "debug"], {
    CONVEX_URL: `${ledger.url}/`,
  });
  const [, url = ""] = await gateway.says(/(http:[\d./:]+)/);
  // 503 while a busy machine has not connected them yet.
  while (!(await fetch(`${url}/version`)).ok);
  const stream = await EventStream.open(`${url}/events/version`);
  expect(await stream.nextMessage()).toMatchObject({ version: "a1" });
  const [line] = await gateway.says(/^.*First version sent.*$/m);
  expect(JSON.parse(line)).toMatchObject({
    ...{ level: "info", at: expect.stringMatching(/^\d{4}-.*Z$/) },
    message: expect.stringMatching(/^First version sent: a1 \(web\/production\)/),
  });
  stream.close();
});

test("SIGTERM sends the clients away, refuses new ones, and exits with 0", async () => {
  const gateway = run([
    ...["--convex-url", ledger.url, "--port", "0"],
    ...["--app", "web", "--environment", "production"],
  ]);
  const [, url = ""] = await gateway.says(/listens on (\S+),/);
  const streams = await Promise.all(
    Array.from({ length: 200 }, () => EventStream.open(`${url}/events/version?buildId=a1`)),
  );
  for (const stream of streams) await stream.nextMessage();

  gateway.child.kill("SIGTERM");
  await gateway.says(/clients to be sent away: 200/);
  const refused = await fetch(`${url}/events/version`);
  expect([refused.status, await refused.json()]).toMatchObject([503, { code: "DRAINING" }]);
  const health = await fetch(`${url}/healthz`);
  expect([health.status, await health.json()]).toMatchObject([503, { status: "draining" }]);

  for (const stream of streams) {
    await stream.ended();
    const { retry, event, data = "" } = stream.blocks.at(-1) ?? {};
    expect(event).toBe("drain");
    expect(JSON.parse(data)).toEqual({ retryMs: Number(retry) });
  }
  expect(await gateway.ended).toMatchObject({ code: 0 });
});

test("Ctrl-C does the same, and a second one ends it at once with 130", async () => {
  const gateway = run([...TARGET, "--convex-url", ledger.url, "--port", "0"]);
  const [, url = ""] = await gateway.says(/listens on (\S+),/);
  const streams = await Promise.all(
    Array.from({ length: 400 }, () => EventStream.open(`${url}/events/version`)),
  );
  gateway.child.kill("SIGINT");
  await gateway.says(/sent away: 400/);
  gateway.child.kill("SIGINT");
  expect(await gateway.ended).toMatchObject({ code: 130 });
  for (const stream of streams) await stream.ended();

  const idle = run([...TARGET, "--convex-url", ledger.url, "--port", "0"]);
  await idle.says(/listens on/);
  idle.child.kill("SIGINT");
  expect(await idle.ended).toMatchObject({ code: 0 });
});

test("a ledger that is not there keeps nobody from starting", async () => {
  const gateway = run([...TARGET, "--convex-url", "http://127.0.0.1:9", "--port", "0"]);
  const [, url = ""] = await gateway.says(/listens on (\S+),/);
  await gateway.says(/^WARN: Ledger cannot be reached/m);
  expect(await (await fetch(`${url}/healthz`)).json()).toMatchObject({ status: "ok", stale: true });
});

test("fewer files than streams are said at the start, with what to do", async () => {
  const args = [...TARGET, "--convex-url", ledger.url, "--port", "0", "--max-connections"];
  const few = run([...args, "1000"], {}, 5_900);
  const [line] = await few.says(/^WARN: .*$/m);
  expect(line).toBe(
    "WARN: Only 5900 files may be open, and 1000 streams need 6000: raise it (ulimit -Hn 6000, " +
      "LimitNOFILE= of systemd, --ulimit nofile=6000 of Docker), or begin with --max-connections 900",
  );
  const enough = run([...args, "900"], {}, 5_900);
  await enough.says(/listens on/);
  enough.child.kill("SIGTERM");
  expect((await enough.ended).output).not.toContain("WARN");
});

test("a busy port is one sentence and exit code 1", async () => {
  const { port } = new URL(ledger.url);
  const gateway = run([...TARGET, "--convex-url", ledger.url, "--port", port]);
  expect(await gateway.ended).toEqual({
    code: 1,
    output: `Cannot listen on 127.0.0.1:${port}: the port is in use; choose another one with --port\n`,
  });
});

test("--help and --version answer with 0, and what makes no sense is one sentence and 2", async () => {
  const [help, version, wrong] = await Promise.all([
    run(["--help"]).ended,
    run(["--version"]).ended,
    run([...TARGET, "--convex-url", ledger.url, "--port", "many"]).ended,
  ]);
  expect(help).toMatchObject({
    code: 0,
    output: expect.stringMatching(/^Usage: tideline-gateway/),
  });
  expect(version).toEqual({ code: 0, output: `${VERSION}\n` });
  expect(wrong).toEqual({
    code: 2,
    output: 'Cannot use --port: expected a whole number from 0 to 65535, got "many"\n',
  });
});
