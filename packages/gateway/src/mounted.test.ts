/** The handlers inside other people's servers, two lines each. */
import { createServer, type RequestListener, type Server } from "node:http";
import { connect as connectHttp2, createServer as createHttp2Server } from "node:http2";
import { type AddressInfo, connect } from "node:net";
import { text } from "node:stream/consumers";
import { createGzip } from "node:zlib";
import { serve } from "@hono/node-server";
import { EventStream } from "@tideline/testing/event-stream";
import { LedgerRig } from "@tideline/testing/ledger-rig";
import express from "express";
import { Hono } from "hono";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { createGateway, type Gateway } from "./create-gateway.js";

let ledger: LedgerRig;
let gateway: Gateway;
const servers: { close(): unknown; closeAllConnections?(): void }[] = [];

beforeAll(async () => {
  ledger = await LedgerRig.create();
  await ledger.record("a1");
});
beforeEach(() => {
  const targets = [{ appName: "web", environment: "production" }];
  // However busy the machine, the first message is the ledger's answer.
  gateway = createGateway({ convexUrl: ledger.url, targets, settleMs: 30_000 });
});
afterEach(async () => {
  await gateway.close();
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections?.();
  }
});
afterAll(() => ledger.dispose());

async function listen(server: Server): Promise<string> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Everything that a page needs of a gateway, below one address. */
async function expectGateway(url: string): Promise<void> {
  const version = await fetch(`${url}/version`);
  expect(await version.json()).toMatchObject({ type: "version", stale: false });
  const again = await fetch(`${url}/version`, {
    headers: { "If-None-Match": version.headers.get("etag") ?? "" },
  });
  expect(again.status).toBe(304);
  expect((await fetch(`${url}/version`, { method: "POST" })).status).toBe(405);

  const stream = await EventStream.open(`${url}/events/version`);
  expect(stream.response.headers["content-type"]).toBe("text/event-stream; charset=utf-8");
  await stream.nextMessage();
  const name = `b${Date.now()}`;
  await ledger.record(name);
  expect(await stream.nextMessage()).toMatchObject({ version: name });
  expect(gateway.clients).toBe(1);
  stream.close();
  // The end is noticed without a beat; whoever asks meanwhile lets it happen.
  while (gateway.clients > 0) await fetch(`${url}/healthz`);
}

test("a plain Node server", async () => {
  await expectGateway(await listen(createServer(gateway.handle)));
});

test("Express, below a path; other paths stay the app's own", async () => {
  const app = express();
  app.use("/tideline", gateway.handle);
  app.use("/tideline", (_, response) => void response.status(418).send("the app's"));
  const url = await listen(createServer(app as RequestListener));
  await expectGateway(`${url}/tideline`);
  expect((await fetch(`${url}/tideline/other`)).status).toBe(418);
});

test("Hono, below a path", async () => {
  const app = new Hono();
  app.mount("/tideline", gateway.fetch);
  const server = await new Promise<Server>((resolve) => {
    const started = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, () =>
      resolve(started as Server),
    );
  });
  servers.push(server);
  const { port } = server.address() as AddressInfo;
  await expectGateway(`http://127.0.0.1:${port}/tideline`);
});

test("a fetch-style handler without any server, and the end of its streams", async () => {
  const request = new Request("http://any/events/version");
  const { body, headers, status } = await gateway.fetch(request);
  expect([status, headers.get("x-accel-buffering")]).toEqual([200, "no"]);
  const reader = (body as ReadableStream<Uint8Array>).getReader();
  let said = "";
  while (!said.includes("version_update")) {
    said += Buffer.from((await reader.read()).value ?? []).toString();
  }
  expect(gateway.clients).toBe(1);
  await gateway.drain();
  said = "";
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    said += Buffer.from(part.value).toString();
  }
  expect(said).toMatch(/^retry: \d+\nevent: drain\ndata: \{"retryMs":\d+\}\n\n$/);
  const refused = await gateway.fetch(request);
  expect(refused.status).toBe(503);
  expect(await refused.json()).toMatchObject({ code: "DRAINING" });
  expect((await gateway.fetch(new Request("http://any/healthz"))).status).toBe(503);
});

test("a fetch-style stream that nobody reads is dropped", async () => {
  const dropped: string[] = [];
  const small = createGateway({
    ...{ convexUrl: ledger.url, targets: [{ appName: "web", environment: "production" }] },
    ...{ keepAliveMs: 1, beatMs: 1, maxBehindBytes: 2048 },
    log: { warn: (line) => dropped.push(line) },
  });
  const { body } = await small.fetch(new Request("http://any/events/version"));
  const waiter = await small.fetch(new Request("http://any/events/version"));
  const reader = (waiter.body as ReadableStream<Uint8Array>).getReader();
  while (dropped.length === 0) await reader.read();
  expect(small.clients).toBe(1);
  await expect(text(body as never)).rejects.toThrow(/too far behind/);
  await small.close();
});

test("Hono on Node: the connection of a reader that never reads is closed, and nothing is printed", async () => {
  const printed: unknown[] = [];
  const spies = (["error", "warn", "info", "log"] as const).map((name) =>
    vi.spyOn(console, name).mockImplementation((...args) => void printed.push(args)),
  );
  const dropped: string[] = [];
  await ledger.record("big", { environment: "long-notes", notes: "n".repeat(4000) });
  const small = createGateway({
    ...{ convexUrl: ledger.url, targets: [{ appName: "web", environment: "long-notes" }] },
    ...{ settleMs: 30_000, keepAliveMs: 1, beatMs: 1, maxBehindBytes: 2048 },
    log: { warn: (line) => dropped.push(line) },
  });
  const app = new Hono();
  app.mount("/tideline", small.fetch);
  const server = await new Promise<Server>((resolve) => {
    const started = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, () =>
      resolve(started as Server),
    );
  });
  servers.push(server);
  const { port } = server.address() as AddressInfo;
  const closed = new Promise<void>((resolve) => {
    server.once("connection", (socket) => socket.once("close", () => resolve()));
  });
  const idle = connect(port, "127.0.0.1").on("error", () => {});
  idle.pause();
  idle.write("GET /tideline/events/version HTTP/1.1\r\nHost: a\r\n\r\n");
  await closed;
  expect(dropped).toEqual(["SSE connection dropped: its reader is too far behind"]);
  expect(small.clients).toBe(0);
  await small.close();
  idle.destroy();
  for (const spy of spies) spy.mockRestore();
  expect(printed).toEqual([]);
});

test("a prefix that requests keep is an option", async () => {
  const targets = [{ appName: "web", environment: "production" }];
  const below = createGateway({
    ...{ convexUrl: ledger.url, targets, settleMs: 30_000, basePath: "/live/" },
  });
  const url = await listen(createServer(below.handle));
  expect((await fetch(`${url}/live/version`)).status).toBe(200);
  expect((await fetch(`${url}/version`)).status).toBe(404);
  expect((await fetch(`${url}/livelier/version`)).status).toBe(404);
  await below.close();
});

test("what compresses in between gets every byte, and is told to pass it on", async () => {
  const url = await listen(
    createServer((request, response) => {
      const gzip = createGzip();
      const write = response.write.bind(response);
      response.setHeader("Content-Encoding", "gzip");
      gzip.on("data", (piece) => write(piece));
      Object.assign(response, {
        write: (piece: Uint8Array) => gzip.write(piece),
        flush: () => gzip.flush(),
      });
      gateway.handle(request, response);
    }),
  );
  const response = await fetch(`${url}/events/version`);
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let said = "";
  while (!said.includes("version_update")) said += (await reader?.read())?.value;
  await reader?.cancel();
});

test("HTTP/2 has the same stream", async () => {
  const server = createHttp2Server((request, response) =>
    gateway.handle(request as never, response as never),
  );
  const url = await listen(server as unknown as Server);
  const session = connectHttp2(url);
  const stream = session.request({ ":path": "/events/version" }).setEncoding("utf8");
  let said = "";
  for await (const piece of stream) {
    said += piece;
    if (said.includes("version_update")) break;
  }
  expect(said).toMatch(/^retry: \d+\nid: \d+\nevent: version_update\n/);
  session.destroy();
});
