/** `Tideline-Probe`: the head of a stream goes ahead of its first message. */
import { once } from "node:events";
import { EventStream } from "@tideline/testing/event-stream";
import { LedgerRig } from "@tideline/testing/ledger-rig";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type RunningGateway, startGateway } from "./start-gateway.js";

let ledger: LedgerRig;
let gateway: RunningGateway;

beforeAll(async () => {
  ledger = await LedgerRig.create();
  await ledger.record("a1");
  gateway = await startGateway({
    convexUrl: ledger.url,
    targets: [{ appName: "web", environment: "production" }],
    port: 0,
  });
});
afterAll(async () => {
  await gateway?.close();
  await ledger?.dispose();
});

const open = (probe: string) =>
  EventStream.open(`${gateway.url}/events/version`, { "Tideline-Probe": probe });

test("the head says for how long, and the stream is counted when its first message is due", async () => {
  const stream = await open("60000");
  expect(stream.response.headers["tideline-probe"]).toBe("1000");
  expect(gateway.gateway.clients).toBe(0);
  expect((await stream.next()).event).toBe("version_update");
  expect(gateway.gateway.clients).toBe(1);
  stream.close();
});

test("a client that leaves before it is due is never one", async () => {
  const stream = await open("1000");
  const { clients } = gateway.gateway;
  stream.close();
  await once(stream.response, "close");
  // A later request is answered after the gateway has heard of the end.
  await (await open("1")).next();
  expect(gateway.gateway.clients).toBe(clients + 1);
});

test.each(["", "0", "-5", "soon", "NaN"])("%j is no such wish", async (probe) => {
  const stream = await open(probe);
  expect(stream.response.headers).not.toHaveProperty("tideline-probe");
  stream.close();
});

test("a gateway that has filled up meanwhile ends it without a message", async () => {
  const full = await startGateway({
    convexUrl: ledger.url,
    targets: [{ appName: "web", environment: "production" }],
    ...{ port: 0, maxConnections: 1 },
  });
  const probing = await EventStream.open(`${full.url}/events/version`, { "Tideline-Probe": "300" });
  const faster = await EventStream.open(`${full.url}/events/version`);
  await probing.ended();
  expect(probing.text).toBe("");
  expect(full.gateway.clients).toBe(1);
  faster.close();
  await full.close();
});
