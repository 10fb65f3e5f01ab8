/** A gateway with its own server over a real ledger, asked over real sockets. */
import { once } from "node:events";
import { connect } from "node:net";
import { EventStream } from "@tideline/testing/event-stream";
import { LedgerRig } from "@tideline/testing/ledger-rig";
import { EventSource } from "eventsource";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type RunningGateway, type StartOptions, startGateway } from "./start-gateway.js";
import type { VersionMessage } from "./version-message.js";

const WEB = { appName: "web", environment: "production" };
let ledger: LedgerRig;
const open: { close(): unknown }[] = [];

beforeAll(async () => {
  ledger = await LedgerRig.create();
  await ledger.record("a1");
});
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});
afterAll(() => ledger.dispose());

async function start(options: Partial<StartOptions> = {}): Promise<RunningGateway> {
  const running = await startGateway({
    ...{ convexUrl: ledger.url, targets: [WEB], port: 0 },
    // However busy the machine, the first message is the ledger's answer.
    settleMs: 30_000,
    ...options,
  });
  open.push(running);
  return running;
}

async function listen(
  { url }: RunningGateway,
  query = "",
  headers: Readonly<Record<string, string>> = {},
): Promise<EventStream> {
  const stream = await EventStream.open(`${url}/events/version${query}`, headers);
  open.push(stream);
  return stream;
}

test("a stream begins with the headers that proxies need, a time to retry and the live version", async () => {
  const stream = await listen(await start());
  expect(stream.response.statusCode).toBe(200);
  expect(stream.response.headers).toMatchObject({
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache",
    "x-accel-buffering": "no",
    connection: "keep-alive",
  });
  const { retry, id, event, data = "" } = await stream.next();
  expect(Number(retry)).toBeGreaterThanOrEqual(2000);
  expect(Number(retry)).toBeLessThanOrEqual(5000);
  expect(id).toBe("1");
  expect(event).toBe("version_update");
  expect(JSON.parse(data)).toMatchObject({
    ...{ type: "version", version: "a1", stale: false, buildId: null, ...WEB },
    latest: { buildId: "a1", epoch: 1, clientBuild: { state: "unknown" } },
  });
});

test("a record reaches every stream at once, each with what the ledger knows of its own build", async () => {
  const gateway = await start();
  const old = await listen(gateway, "?buildId=a1");
  const labelled = await listen(gateway, "?version=1.0%20beta");
  expect(await labelled.nextMessage<VersionMessage>()).toMatchObject({ buildId: "label:1.0 beta" });
  expect(await old.nextMessage<VersionMessage>()).toMatchObject({ buildId: "a1" });

  await ledger.record("b2");
  expect(await old.nextMessage<VersionMessage>()).toMatchObject({
    version: "b2",
    buildId: "a1",
    latest: { epoch: 2, clientBuild: { state: "known", firstEpoch: 1, lastEpoch: 1 } },
  });
  expect(await labelled.nextMessage<VersionMessage>()).toMatchObject({
    latest: { buildId: "b2", clientBuild: { state: "unknown" } },
  });
  expect(old.blocks.at(-1)?.id).toBe("2");
});

test("the eventsource library reads it, and takes up the retry time and the id", async () => {
  const { url } = await start();
  const source = new EventSource(`${url}/events/version`);
  open.push(source);
  const [event] = await new Promise<MessageEvent[]>((resolve) => {
    source.addEventListener("version_update", (...args) => resolve(args));
  });
  expect(JSON.parse(event?.data)).toMatchObject({ type: "version", stale: false });
  expect(Number(event?.lastEventId)).toBeGreaterThan(0);
});

test("an absurd Last-Event-ID, or none, gets the same message", async () => {
  const gateway = await start();
  const ids = ["0", "-1", "1e999", "9".repeat(5000), "' OR 1=1", "\u00ff\u00fe", "{}"];
  for (const id of ids) {
    const stream = await listen(gateway, "", { "Last-Event-ID": id });
    expect((await stream.next()).event, id).toBe("version_update");
  }
  const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
  expect(metrics).toContain(`tideline_gateway_resumed_total ${ids.length}\n`);
});

test("every stream gets a comment between beats, and the whole message with each beat", async () => {
  const gateway = await start({ keepAliveMs: 20, beatMs: 40 });
  // Answered once there is a message, so that the first block is one.
  await fetch(`${gateway.url}/version`);
  const stream = await listen(gateway);
  const first = await stream.next();
  const seen = [await stream.next(), await stream.next(), await stream.next(), await stream.next()];
  const beats = seen.filter(({ event }) => event === "version_update");
  const comments = seen.filter((block) => block[""] === "keep-alive");
  expect([beats.length, comments.length]).toEqual([2, 2]);
  expect(beats[0]).toEqual({ id: first.id, event: first.event, data: first.data });
});

test("a reader that never reads is dropped, and the others go on", async () => {
  const lines: string[] = [];
  await ledger.record("big", { notes: "n".repeat(4000) });
  const gateway = await start({
    ...{ keepAliveMs: 1, beatMs: 1, maxBehindBytes: 1024, maxConnections: 10 },
    log: { warn: (line) => lines.push(line) },
  });
  const { port } = new URL(gateway.url);
  const idle = connect(Number(port), "127.0.0.1");
  open.push({ close: () => idle.destroy() });
  idle.pause();
  idle.write("GET /events/version HTTP/1.1\r\nHost: a\r\n\r\n");
  const reader = await listen(gateway);
  while (lines.length === 0) await reader.next();
  expect(lines).toEqual(["SSE connection dropped: its reader is too far behind"]);
  expect(await (await fetch(`${gateway.url}/metrics`)).text()).toMatch(
    /^tideline_gateway_clients 1\n(.*\n)*tideline_gateway_dropped_total 1\n/m,
  );
  expect((await reader.next()).event).toBe("version_update");
});

test("a client of HTTP/1.0 gets the stream without chunks", async () => {
  const { port } = new URL((await start()).url);
  const socket = connect(Number(port), "127.0.0.1");
  open.push({ close: () => socket.destroy() });
  socket.setEncoding("utf8").write("GET /events/version HTTP/1.0\r\n\r\n");
  let text = "";
  while (!text.endsWith("}\n\n")) text += (await once(socket, "data"))[0];
  expect(text).toMatch(/\r\n\r\nretry: \d+\nid: \d+\nevent: version_update\ndata: \{.*\}\n\n$/);
  expect(text).not.toMatch(/transfer-encoding/i);
});

test("/version answers with the same message, and 304 to whoever has it", async () => {
  const { url } = await start();
  const first = await fetch(`${url}/version?buildId=a1`);
  const etag = first.headers.get("etag") ?? "";
  expect(first.headers.get("cache-control")).toBe("no-cache");
  expect(await first.json()).toMatchObject({ type: "version", stale: false, buildId: "a1" });
  for (const header of [etag, `W/${etag}`, `"x", ${etag}`, "*"]) {
    const again = await fetch(`${url}/version?buildId=a1`, {
      headers: { "If-None-Match": header },
    });
    expect([again.status, await again.text()], header).toEqual([304, ""]);
  }
  const other = await fetch(`${url}/version`, { headers: { "If-None-Match": etag } });
  expect(other.status).toBe(200);
  const head = await fetch(`${url}/version?buildId=a1`, { method: "HEAD" });
  expect([head.headers.get("etag"), await head.text()]).toEqual([etag, ""]);
});

test("what cannot be answered is said with a code and a sentence", async () => {
  const { url } = await start({ targets: [WEB, { ...WEB, appName: "admin" }], maxConnections: 1 });
  const cases: [string, RequestInit, number, string][] = [
    ["/version?appName=shop&environment=production", {}, 404, "UNKNOWN_TARGET"],
    ["/events/version?appName=web&environment=staging", {}, 404, "UNKNOWN_TARGET"],
    ["/version", {}, 400, "INVALID_ARGUMENT"],
    ["/events/version?appName=web", {}, 400, "INVALID_ARGUMENT"],
    ["/version?appName=web&environment=production&buildId=a%20b", {}, 400, "INVALID_ARGUMENT"],
    ["/version?appName=web&environment=production&buildId=a%00", {}, 400, "INVALID_ARGUMENT"],
    [
      // Slow to search for placeholders, were it not refused for its length.
      `/version?appName=web&environment=production&buildId=%25${"+".repeat(9000)}%0Ax`,
      ...([{}, 400, "INVALID_ARGUMENT"] as const),
    ],
    [
      `/version?appName=web&environment=production&version=${"v".repeat(129)}`,
      {},
      400,
      "INVALID_ARGUMENT",
    ],
    ["/events/version", { method: "POST", body: "x" }, 405, "METHOD_NOT_ALLOWED"],
    ["/version", { method: "DELETE" }, 405, "METHOD_NOT_ALLOWED"],
    ["/", {}, 404, "NOT_FOUND"],
    ["/version/", {}, 404, "NOT_FOUND"],
  ];
  for (const [path, init, status, code] of cases) {
    const response = await fetch(`${url}${path}`, init);
    expect([path, response.status, await response.json()]).toEqual([
      ...[path, status],
      { code, message: expect.stringMatching(/^Cannot .*[^.]$/) },
    ]);
    if (status === 405) expect(response.headers.get("allow")).toBe("GET, HEAD, OPTIONS");
  }
});

test("a page that was built as nothing is told without its build", async () => {
  const { url } = await start();
  for (const query of ["buildId=", "buildId=dev", "version=unknown", "buildId=label:__VERSION__"]) {
    const response = await fetch(`${url}/version?${query}&_=1700000000`);
    expect(await response.json(), query).toMatchObject({ buildId: null });
  }
});

test("a full gateway refuses streams for a while, and nothing else", async () => {
  const gateway = await start({ maxConnections: 2 });
  const first = await listen(gateway);
  await listen(gateway);
  const refused = await fetch(`${gateway.url}/events/version`);
  expect(refused.status).toBe(503);
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThanOrEqual(5);
  expect(await refused.json()).toMatchObject({ code: "TOO_MANY_CONNECTIONS" });
  expect((await fetch(`${gateway.url}/version`)).status).toBe(200);

  first.close();
  while (gateway.gateway.clients === 2) await fetch(`${gateway.url}/healthz`);
  expect((await listen(gateway)).response.statusCode).toBe(200);
});

test("more builds than there is room for are told without their build, and still at once", async () => {
  const environment = "many-builds";
  for (const name of ["one", "two", "three"]) await ledger.record(name, { environment });
  const gateway = await start({ maxBuildsPerTarget: 2, targets: [{ ...WEB, environment }] });
  for (const name of ["one", "two"]) {
    const stream = await listen(gateway, `?buildId=${name}`);
    expect(await stream.nextMessage()).toMatchObject({ buildId: name });
  }
  const third = await listen(gateway, "?buildId=three");
  expect(await third.nextMessage()).toMatchObject({ buildId: null, stale: false });
  const asked = await fetch(`${gateway.url}/version?buildId=three`);
  expect(await asked.json()).toMatchObject({ latest: { clientBuild: { state: "known" } } });
  await ledger.record("four", { environment });
  expect(await third.nextMessage()).toMatchObject({ version: "four", buildId: null });
});

test("200 streams of invented builds silence nobody", async () => {
  const environment = "beset";
  for (const name of ["real1", "real2"]) await ledger.record(name, { environment });
  const gateway = await start({ targets: [{ ...WEB, environment }] });
  const evil = await Promise.all(
    Array.from({ length: 200 }, (_, index) => listen(gateway, `?buildId=evil${index}`)),
  );
  for (const stream of evil) await stream.nextMessage();

  const old = await listen(gateway, "?buildId=real1");
  expect(await old.nextMessage()).toMatchObject({
    ...{ buildId: "real1", latest: { clientBuild: { state: "known" } } },
  });
  const live = await listen(gateway, "?buildId=real2");
  expect(await live.nextMessage()).toMatchObject({ buildId: "real2" });

  await ledger.record("real1", { environment });
  expect(await live.nextMessage()).toMatchObject({
    ...{ version: "real1", buildId: "real2" },
    latest: { epoch: 3, clientBuild: { state: "known", firstEpoch: 2, lastEpoch: 2 } },
  });
  for (const stream of evil) {
    expect(await stream.nextMessage()).toMatchObject({ version: "real1", stale: false });
    expect(stream.blocks).toHaveLength(2);
  }
  const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
  expect(metrics).toContain("tideline_gateway_topics 161\n");
});

test("names that are asked for at random take no place from those who stay", async () => {
  const gateway = await start({ maxBuildsPerTarget: 2 });
  for (const name of ["x1", "x2", "x3", "x4"]) {
    expect(await (await fetch(`${gateway.url}/version?buildId=${name}`)).json()).toMatchObject({
      buildId: name,
    });
  }
  expect(await (await listen(gateway, "?buildId=real")).nextMessage()).toMatchObject({
    buildId: "real",
  });
  expect(await (await fetch(`${gateway.url}/metrics`)).text()).toContain(
    "tideline_gateway_topics 3\n",
  );
});

test("pages of allowed origins may read it, and no others", async () => {
  const { url } = await start({ allowedOrigins: ["https://a.example", "https://b.example:8443"] });
  for (const path of ["/version", "/healthz", "/nowhere", "/tideline.js"]) {
    const allowed = await fetch(url + path, { headers: { Origin: "https://b.example:8443" } });
    expect(allowed.headers.get("access-control-allow-origin")).toBe("https://b.example:8443");
    expect(allowed.headers.get("vary")).toContain("Origin");
    const other = await fetch(url + path, { headers: { Origin: "https://c.example" } });
    expect(other.headers.get("access-control-allow-origin")).toBe(null);
    expect(other.headers.get("vary")).toContain("Origin");
  }
  const stream = await EventStream.open(`${url}/events/version`, { Origin: "https://a.example" });
  stream.close();
  expect(stream.response.headers["access-control-allow-origin"]).toBe("https://a.example");
  const preflight = await fetch(`${url}/version`, {
    method: "OPTIONS",
    headers: { Origin: "https://a.example", "Access-Control-Request-Method": "GET" },
  });
  expect(preflight.status).toBe(204);
  expect(preflight.headers.get("access-control-allow-methods")).toBe("GET, HEAD, OPTIONS");
});

test("HEAD of a stream gives its head and opens none", async () => {
  const { url, gateway } = await start();
  const head = await fetch(`${url}/events/version`, { method: "HEAD" });
  expect(head.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
  expect(gateway.clients).toBe(0);
});

test("/healthz and the log count the clients", async () => {
  const lines: string[] = [];
  const say = (line: string) => lines.push(line);
  const gateway = await start({ log: { info: say, debug: say }, keepAliveMs: 50, beatMs: 50 });
  const one = await listen(gateway);
  await one.next();
  const two = await listen(gateway);
  await two.next();
  expect(await (await fetch(`${gateway.url}/healthz`)).json()).toEqual({
    ...{ status: "ok", stale: false, clients: 2 },
  });
  await two.next();
  two.close();
  while (gateway.gateway.clients === 2) await one.next();
  const text = lines.join("\n");
  expect(text).toMatch(
    /New SSE connection established, total clients: 1\nFirst version sent: big /,
  );
  expect(text).toContain("New SSE connection established, total clients: 2");
  expect(text).toContain("Periodic version sent: big (web/production), clients: 2");
  expect(lines).toContain("SSE connection closed, total clients: 1");
});
