/** What clients are told while the ledger is down, and after it is back. */
import { EventStream } from "@tideline/testing/event-stream";
import { LedgerRig } from "@tideline/testing/ledger-rig";
import { afterAll, beforeAll, expect, test } from "vitest";
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
