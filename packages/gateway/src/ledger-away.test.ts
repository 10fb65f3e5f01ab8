/** What clients are told while the ledger is down, and after it is back. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { EventStream } from "@tideline/testing/event-stream";
import { LedgerRig } from "@tideline/testing/ledger-rig";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type RunningGateway, startGateway } from "./start-gateway.js";

const WEB = { appName: "web", environment: "production" };
let ledger: LedgerRig;
let running: RunningGateway;
const streams: EventStream[] = [];

beforeAll(async () => {
  ledger = await LedgerRig.create();
  await ledger.record("a1");
  await ledger.stop();
  running = await startGateway({ convexUrl: ledger.url, targets: [WEB], port: 0 });
});
afterAll(async () => {
  for (const stream of streams) stream.close();
  await running.close();
  await ledger.dispose();
});

async function listen(query = ""): Promise<EventStream> {
  const stream = await EventStream.open(`${running.url}/events/version${query}`);
  streams.push(stream);
  return stream;
}

const ask = (query = "") => fetch(`${running.url}/version${query}`);

test("a ledger that is down from the start, goes and comes back: said at once, and nothing twice", async () => {
  const stream = await listen("?buildId=a1");
  const first = await stream.next();
  expect(first.id).toBe(undefined);
  expect(JSON.parse(first.data ?? "")).toEqual({
    ...{ type: "version", version: null, stale: true, buildId: null, ...WEB },
  });
  const refused = await ask();
  expect(refused.status).toBe(503);
  expect(refused.headers.get("retry-after")).toBe("5");
  expect(await refused.json()).toMatchObject({ code: "UNAVAILABLE" });
  expect(await (await fetch(`${running.url}/healthz`)).json()).toMatchObject({ stale: true });

  await ledger.start();
  expect(await stream.nextMessage()).toMatchObject({ version: "a1", stale: false, buildId: "a1" });

  await ledger.stop();
  expect(await stream.nextMessage()).toMatchObject({ version: "a1", stale: true, buildId: "a1" });
  const stale = await ask("?buildId=a1");
  expect([stale.status, await stale.json()]).toMatchObject([200, { version: "a1", stale: true }]);
  // A build that was never asked for is told what is known of the target.
  const newcomer = await listen("?buildId=z9");
  expect(await newcomer.nextMessage()).toMatchObject({
    ...{ version: "a1", stale: true, buildId: null },
    latest: { buildId: "a1", clientBuild: { state: "unknown" } },
  });

  await ledger.recordUnseen("b2");
  await ledger.start();
  const back = await stream.nextMessage();
  expect(back).toMatchObject({ version: "b2", stale: false, latest: { epoch: 2 } });
  expect(await newcomer.nextMessage()).toMatchObject({ version: "b2", buildId: "z9" });

  // Without a record meanwhile there are two messages, which differ in this alone.
  await ledger.stop();
  expect(await stream.nextMessage()).toEqual({ ...back, stale: true });
  await ledger.start();
  expect(await stream.nextMessage()).toEqual(back);

  // Nothing came between those, and nothing comes a second time before c3 does.
  await ledger.record("c3");
  expect(await stream.nextMessage()).toMatchObject({ version: "c3", stale: false });
  expect(stream.blocks).toHaveLength(7);
});

test("a query that the ledger does not have is told as stale, and the log says what to mend", async () => {
  const lines: string[] = [];
  const other = await startGateway({
    ...{ convexUrl: ledger.url, targets: [WEB], port: 0, functionName: "deployments:watchNothing" },
    log: { error: (line) => lines.push(line) },
  });
  const stream = await EventStream.open(`${other.url}/events/version`);
  expect(await stream.nextMessage()).toMatchObject({ stale: true, version: null });
  expect(lines[0]).toMatch(
    /^Cannot follow deployments: export and deploy "deployments:watchNothing"/,
  );
  stream.close();
  await other.close();
});

test("after a long outage, it need not wait for the client that connects more and more rarely", async () => {
  // Each failure makes the client wait as if it had failed for hours; its waits alone are long.
  const { random } = Math;
  const spy = vi
    .spyOn(Math, "random")
    .mockImplementation(() => (new Error().stack?.includes("nextBackoff") ? 10_000 : random()));
  const gateway = await startGateway({
    ...{ convexUrl: ledger.url, targets: [WEB], port: 0, settleMs: 30_000, random },
  });
  const one = await EventStream.open(`${gateway.url}/events/version?buildId=c3`);
  const other = await EventStream.open(`${gateway.url}/events/version`);
  for (const stream of [one, other]) {
    expect(await stream.nextMessage()).toMatchObject({ version: "c3", stale: false });
  }
  for (const [number, name] of ["d4", "e5"].entries()) {
    await ledger.stop();
    for (const stream of [one, other]) {
      expect(await stream.nextMessage()).toMatchObject({ stale: true });
    }
    await ledger.recordUnseen(name);
    await ledger.start();
    for (const stream of [one, other]) {
      expect(await stream.nextMessage()).toMatchObject({ version: name, stale: false });
      expect(stream.blocks).toHaveLength(3 + 2 * number);
    }
  }
  expect(spy).toHaveBeenCalled();
  spy.mockRestore();
  for (const stream of [one, other]) stream.close();
  await gateway.close();
});

test("an address where no Convex deployment answers queries is said once", async () => {
  const server = createServer((_, response) => void response.writeHead(404).end("no such route"));
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const lines: string[] = [];
  let asked = 0;
  const gateway = await startGateway({
    ...{ convexUrl: url, targets: [WEB], port: 0, log: { error: (line) => lines.push(line) } },
  });
  await new Promise<void>((resolve) => {
    server.on("request", () => {
      if (++asked === 6) resolve();
    });
  });
  expect(lines).toEqual([
    expect.stringMatching(
      `^Cannot follow deployments: .* at ${url}, got 404 for /api/query; .*3210`,
    ),
  ]);
  await gateway.close();
  server.closeAllConnections();
  server.close();
});
