/** Readers of event streams that others wrote read the gateway's rightly. */
import { type ChildProcess, spawn } from "node:child_process";
import { EventSource } from "eventsource";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { findProgram } from "../find-program.js";
import { type GatewayProcess, startGatewayProcess } from "../nginx-rig/gateway-process.js";
import { startWebLedger, type WebLedger } from "../nginx-rig/web-ledger.js";
import { makePythonVenv } from "./python-venv.js";

const venv = await makePythonVenv(["sseclient"]);

let ledger: WebLedger;
let gateway: GatewayProcess;
let first: string;
const children = new Set<ChildProcess>();

beforeAll(async () => {
  ledger = await startWebLedger();
});
beforeEach(async () => {
  // Before the gateway, so that it is the first that any reader hears.
  first = await deploy();
  gateway = await startGatewayProcess(ledger.url);
});
afterEach(async () => {
  for (const child of children) child.kill("SIGKILL");
  children.clear();
  await gateway.stop("SIGKILL");
});
afterAll(async () => {
  await ledger?.close();
  await venv?.dispose();
});

let versions = 0;

/** Makes a version live that there was not before; its number is the target's epoch. */
async function deploy(): Promise<string> {
  const version = `v${++versions}`;
  await ledger.record(version);
  return version;
}

/** Runs a program and gives its output as it comes. */
function start(program: string, args: readonly string[]) {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
  children.add(child);
  let output = "";
  const waiting = new Set<() => void>();
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      for (const look of waiting) look();
    });
  }
  return {
    child,
    ended,
    output: () => output,
    wrote: (pattern: RegExp) =>
      new Promise<void>((resolve, reject) => {
        const look = () => void (pattern.test(output) && resolve());
        waiting.add(look);
        look();
        void ended.then(() => reject(new Error(`"${program}" ended: ${output}`)));
      }),
  };
}

test("eventsource: a typed event with data and id, again on each change, and after a restart", async () => {
  const source = new EventSource(`${gateway.url}/events/version`);
  const heard: { readonly version: string; readonly id: string }[] = [];
  const other: string[] = [];
  let onHeard = () => {};
  source.onmessage = ({ data }) => other.push(data);
  source.addEventListener("version_update", ({ data, lastEventId }) => {
    heard.push({ version: JSON.parse(data).version, id: lastEventId });
    onHeard();
  });
  const until = (version: string) =>
    new Promise<void>((resolve) => {
      onHeard = () => heard.at(-1)?.version === version && resolve();
      onHeard();
    });
  try {
    await until(first);
    const second = await deploy();
    await until(second);
    expect(heard).toEqual([
      { version: first, id: first.slice(1) },
      { version: second, id: second.slice(1) },
    ]);

    const { port } = gateway;
    expect(await gateway.stop("SIGTERM")).toBe(0);
    const third = await deploy();
    gateway = await startGatewayProcess(ledger.url, ["--port", `${port}`]);
    await until(third);
    expect(heard.at(-1)).toEqual({ version: third, id: third.slice(1) });
    expect(await (await fetch(`${gateway.url}/metrics`)).text()).toMatch(
      /tideline_gateway_resumed_total 1\b/,
    );
    // What has no name is nobody's: every event has one.
    expect(other).toEqual([]);
  } finally {
    source.close();
  }
});

test("curl -N: the documented lines at once, and the next as soon as it is recorded", async () => {
  const program = await findProgram("curl", "that read a stream");
  const curl = start(program, ["-N", "-s", "-i", `${gateway.url}/events/version`]);
  await curl.wrote(new RegExp(`data: .*"version":"${first}".*\n\n`));
  const [head = "", body = ""] = curl.output().split("\r\n\r\n");
  expect(head.split("\r\n")).toEqual(
    expect.arrayContaining([
      "HTTP/1.1 200 OK",
      "Content-Type: text/event-stream; charset=utf-8",
      "Cache-Control: no-cache",
      "X-Accel-Buffering: no",
      "Connection: keep-alive",
    ]),
  );
  expect(body).toMatch(
    /^retry: \d+\nid: \d+\nevent: version_update\ndata: \{"type":"version","version":"v\d+",.*\}\n\n$/,
  );
  const second = await deploy();
  await curl.wrote(new RegExp(`event: version_update\ndata: .*"version":"${second}".*\n\n`));
});

const READER = `
import sys
from sseclient import SSEClient
for event in SSEClient(sys.argv[1]):
    print(event.event, event.id, event.retry, event.data, flush=True)
`;

test.skipIf(venv === null)("Python's sseclient: event, id, retry and data", async () => {
  const reader = start(venv?.python ?? "", ["-c", READER, `${gateway.url}/events/version`]);
  await reader.wrote(
    new RegExp(`^version_update \\d+ [2-5]\\d{3} \\{"type":"version","version":"${first}".*\\}\n`),
  );
  const second = await deploy();
  await reader.wrote(new RegExp(`\nversion_update \\d+ None \\{.*"version":"${second}".*\\}\n`));
});
