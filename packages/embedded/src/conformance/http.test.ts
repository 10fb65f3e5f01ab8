/** HTTP actions and the HTTP API, by plain requests. */
import { Agent, request } from "node:http";
import { makeFunctionReference } from "convex/server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestApp, type TestApp } from "./test-app.js";

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp({
    "http.ts": `
    const http = httpRouter();
    const echo = httpAction(async (ctx, request) => Response.json({
      method: request.method, url: request.url, header: request.headers.get("x-asked"), body: await request.text() },
      { status: 202, headers: { "X-Said": "yes" } }));
    for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]) http.route({ path: "/echo", method, handler: echo });
    const named = (name) => httpAction(async () => new Response(name));
    http.route({ path: "/files/exact", method: "GET", handler: named("exact") });
    http.route({ pathPrefix: "/files/", method: "GET", handler: named("prefix") });
    http.route({ pathPrefix: "/files/deep/", method: "GET", handler: named("deep prefix") });
    http.route({ path: "/only-post", method: "POST", handler: named("posted") });
    http.route({ path: "/boom", method: "GET", handler: httpAction(async () => { throw new Error("boom"); }) });
    http.route({ path: "/refuse", method: "GET", handler: httpAction(async () => { throw new ConvexError({ n: 1n }); }) });
    http.route({ path: "/none", method: "GET", handler: httpAction(async () => null) });
    http.route({ path: "/empty", method: "GET", handler: httpAction(async () => new Response(null, { status: 204 })) });
    http.route({ path: "/away", method: "GET", handler: httpAction(async () => new Response(null, { status: 302, headers: { Location: "/echo" } })) });
    http.route({ path: "/cookies", method: "GET", handler: httpAction(async () => {
      const headers = new Headers(); headers.append("Set-Cookie", "a=1"); headers.append("Set-Cookie", "b=2");
      return new Response("ok", { headers }); }) });
    http.route({ path: "/form", method: "POST", handler: httpAction(async (ctx, request) => new Response((await request.formData()).get("name"))) });
    http.route({ path: "/bytes", method: "POST", handler: httpAction(async (ctx, request) => {
      let length = 0; for await (const chunk of request.body) length += chunk.length; return new Response(String(length)); }) });
    http.route({ path: "/count", method: "POST", handler: httpAction(async (ctx) => {
      await ctx.runMutation("data:add"); return Response.json(await ctx.runQuery("data:count")); }) });
    http.route({ path: "/who", method: "GET", handler: httpAction(async (ctx) => {
      try { return Response.json(await ctx.auth.getUserIdentity()); } catch (error) { return new Response("refused"); } }) });
    let release;
    http.route({ path: "/stream", method: "GET", handler: httpAction(async () => {
      const { readable, writable } = new TransformStream();
      const writer = writable.getWriter();
      const first = writer.write(new TextEncoder().encode("first;"));
      release = async () => { await first; await writer.write(new TextEncoder().encode("last;")); await writer.close(); };
      return new Response(readable, { headers: { "Content-Type": "text/event-stream" } }); }) });
    http.route({ path: "/release", method: "POST", handler: httpAction(async () => { await release(); return new Response(null); }) });
    export default http;`,
    "data.ts": `
    export const add = internalMutation({ handler: async ({ db }) => { await db.insert("rows", {}); } });
    export const count = internalQuery({ handler: async ({ db }) => (await db.query("rows").collect()).length });
    export const values = query({ handler: async () => ({ i: 5n, f: NaN, z: -0, b: new Uint8Array([1, 2]).buffer, n: null, l: [1n] }) });
    export const echo = query({ handler: async (ctx, args) => args });
    export const log = query({ handler: async () => { console.log("hello"); } });`,
  });
});
afterAll(() => app.dispose());

const get = (path: string, init: RequestInit = {}) =>
  fetch(`${app.siteUrl}${path}`, { redirect: "manual", ...init });

describe("an HTTP action", () => {
  it.each(["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])("takes %s", async (method) => {
    const hasBody = !["GET", "OPTIONS"].includes(method);
    const response = await get("/echo?a=%20b&c", {
      method,
      headers: { "X-Asked": "something" },
      ...(hasBody ? { body: "sent é" } : {}),
    });
    expect([response.status, response.headers.get("x-said")]).toEqual([202, "yes"]);
    expect(await response.json()).toEqual({
      method,
      url: `${app.siteUrl}/echo?a=%20b&c`,
      header: "something",
      body: hasBody ? "sent é" : "",
    });
  });

  it("is answered without having read its body, and the connection is good for the next", async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ports = new Set<number | undefined>();
    const post = () =>
      new Promise((resolve, reject) => {
        const url = `${app.siteUrl}/only-post`;
        const sent = request(url, { method: "POST", agent }, (response) => {
          ports.add(response.socket.localPort);
          response.resume().on("end", () => resolve(response.statusCode));
        });
        sent.on("error", reject).end("x".repeat(5_000_000));
      });
    expect([await post(), await post(), await post()]).toEqual([200, 200, 200]);
    expect(ports.size).toBe(1);
    agent.destroy();
  });

  it("answers HEAD as GET without the body", async () => {
    const response = await get("/files/exact", { method: "HEAD" });
    expect([response.status, await response.text()]).toEqual([200, ""]);
  });

  it.each([
    ["/files/exact", 200, "exact"],
    ["/files/other", 200, "prefix"],
    ["/files/deep/x/y", 200, "deep prefix"],
    ["/files/", 200, "prefix"],
    ["/files", 404, "No matching routes found"],
    ["/only-post", 404, "No matching routes found"],
    ["/", 404, "No matching routes found"],
    ["/echo/", 404, "No matching routes found"],
  ])("GET %s is answered with %d %s", async (path, status, text) => {
    for (const base of [app.siteUrl, `${app.url}/http`]) {
      const response = await fetch(`${base}${path}`);
      expect([response.status, await response.text()]).toEqual([status, text]);
    }
  });

  it("knows the scheme that a proxy names", async () => {
    const response = await get("/echo", { headers: { "X-Forwarded-Proto": "https" } });
    expect(await response.json()).toMatchObject({
      url: `${app.siteUrl.replace("http:", "https:")}/echo`,
    });
  });

  it("that fails is a 500 with the error as JSON", async () => {
    const response = await get("/boom");
    expect(response.status).toBe(500);
    expect(await response.json()).toEqual({
      code: expect.stringMatching(/^\[Request ID: [0-9a-f]{16}\] Server Error: .*boom$/),
      trace: expect.stringContaining("boom\n    at "),
    });
    const refused = await get("/refuse");
    expect(refused.status).toBe(500);
    expect(await refused.json()).toMatchObject({ data: { n: { $integer: "AQAAAAAAAAA=" } } });
    expect((await get("/none")).status).toBe(500);
  });

  it("may answer with nothing, elsewhere, or with several cookies", async () => {
    expect((await get("/empty")).status).toBe(204);
    const away = await get("/away");
    expect([away.status, away.headers.get("location")]).toEqual([302, "/echo"]);
    expect((await get("/cookies")).headers.getSetCookie()).toEqual(["a=1", "b=2"]);
  });

  it("reads forms, streams and three megabytes, and calls functions", async () => {
    const form = await get("/form", { method: "POST", body: new URLSearchParams({ name: "Ada" }) });
    expect(await form.text()).toBe("Ada");
    const body = "x".repeat(3 << 20);
    expect(await (await get("/bytes", { method: "POST", body })).text()).toBe(String(body.length));
    expect(await (await get("/count", { method: "POST" })).json()).toBe(1);
  });

  it("runs with an Authorization header that means nothing here", async () => {
    const response = await get("/who", { headers: { Authorization: "Bearer a.b.c" } });
    expect([response.status, await response.text()].join()).toMatch(/^200,(null|refused)$/);
  });

  it("streams: what is written arrives before the end", async () => {
    const response = await get("/stream");
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    const decoder = new TextDecoder();
    expect(decoder.decode((await reader.read()).value)).toBe("first;");
    await get("/release", { method: "POST" });
    expect(decoder.decode((await reader.read()).value)).toBe("last;");
    expect((await reader.read()).done).toBe(true);
  });
});

describe("the HTTP API", () => {
  it.each([
    [
      "convex_encoded_json",
      {
        i: { $integer: "BQAAAAAAAAA=" },
        f: { $float: "AAAAAAAA+H8=" },
        z: { $float: "AAAAAAAAAIA=" },
        b: { $bytes: "AQI=" },
        n: null,
        l: [{ $integer: "AQAAAAAAAAA=" }],
      },
    ],
    ["json", { i: "5", f: "NaN", z: -0, b: "AQI=", n: null, l: ["1"] }],
  ])("gives values as %s", async (format, value) => {
    const { body } = await app.post("/api/query", { path: "data:values", args: {}, format });
    expect(JSON.parse(JSON.stringify(body))).toEqual({
      status: "success",
      value: JSON.parse(JSON.stringify(value)),
    });
  });

  it("takes special values among the arguments", async () => {
    const args = { i: { $integer: "BQAAAAAAAAA=" }, f: { $float: "AAAAAAAA8H8=" } };
    const format = "convex_encoded_json";
    const { body } = await app.post("/api/query", { path: "data:echo", args, format });
    expect(body.value).toEqual(args);
  });

  it.each([
    ["/api/query", { path: "data:echo", args: {}, format: "xml" }, 400, "BadFormat"],
    ["/api/query", { path: "a:b:c d", args: {} }, 400, "BadConvexFunctionIdentifier"],
    ["/api/query", { args: {} }, 400, "BadConvexFunctionIdentifier"],
    ["/api/query", "{", 400, "BadJsonBody"],
    ["/api/query", "[]", 400, "BadJsonBody"],
    ["/api/function", { path: "data:count", args: {} }, 403, "Forbidden"],
    ["/api/update_environment_variables", { changes: [] }, 403, "Forbidden"],
    ["/api/nowhere", {}, 400, "NotSupported"],
  ])("%s %j is refused with %d %s", async (path, body, status, code) => {
    const answer = await app.post(path, body);
    expect(answer).toEqual({ status, body: { code, message: expect.any(String) } });
  });

  it("leaves logLines out when there are none, and takes a body of any type", async () => {
    const silent = await app.post("/api/query", { path: "data:echo", args: {} });
    expect(silent.body).toEqual({ status: "success", value: {} });
    const logged = await app.post(
      "/api/query",
      { path: "data:log", args: {} },
      { "Content-Type": "text/plain", "Convex-Client": "npm-1.48.0" },
    );
    expect(logged.body).toEqual({ status: "success", value: null, logLines: ["[LOG] 'hello'"] });
  });

  it.each([
    ["the key in the header", (key: string) => ({ headers: { Authorization: `Convex ${key}` } })],
    [
      "a deployment's type before it",
      (key: string) => ({ headers: { Authorization: `Convex prod:${key}` } }),
    ],
    ["the key in the URL", (key: string) => ({ search: `?adminKey=${encodeURIComponent(key)}` })],
  ])("knows the admin by %s", async (_name, show) => {
    const { headers = {}, search = "" } = show(app.adminKey) as {
      headers?: { [name: string]: string };
      search?: string;
    };
    const call = { path: "data:count", args: {} };
    const { body } = await app.post(`/api/function${search}`, call, headers);
    expect(body).toMatchObject({ status: "success", value: expect.any(Number) });
  });

  it("query_batch answers all at one moment, each in its format", async () => {
    const queries = [
      { path: "data:values", args: {}, format: "json" },
      { path: "data:echo", args: { a: 1 } },
      { path: "data:gone", args: {} },
    ];
    const { body } = await app.post("/api/query_batch", { queries });
    expect(body.results).toMatchObject([
      { status: "success", value: { i: "5" } },
      { status: "success", value: { a: 1 } },
      { status: "error", errorMessage: expect.stringContaining("Could not find public function") },
    ]);
  });

  it.each(["/api/query", "/api/mutation", "/api/nowhere"])(
    "lets pages of other origins in at %s, errors included",
    async (path) => {
      const headers = { Origin: "https://app.example" };
      const response = await fetch(`${app.url}${path}`, { method: "POST", body: "{", headers });
      expect(response.headers.get("access-control-allow-origin")).toBe("https://app.example");
      expect(response.headers.get("access-control-allow-credentials")).toBe("true");
      const preflight = await fetch(`${app.url}${path}`, { method: "OPTIONS", headers });
      expect(preflight.headers.get("access-control-max-age")).toBe("86400");
      expect(preflight.headers.get("access-control-allow-methods")).toContain("POST");
    },
  );

  it("answers a consistent query", async () => {
    const values = makeFunctionReference<"query">("data:values");
    expect(await app.client.consistentQuery(values)).toMatchObject({ i: 5n, z: -0 });
  });

  it.each<[string, { name: string; value: string | null }, RegExp | null]>([
    ["a name of 256 characters", { name: "N".repeat(256), value: "x" }, null],
    ["a value of 8 KiB", { name: "LONG", value: "x".repeat(8_192) }, null],
    ["a variable that is not there away", { name: "GONE", value: null }, null],
    ["a name of 257 characters", { name: "N".repeat(257), value: "x" }, /at most 256/],
    ["a value above 8 KiB", { name: "LONG", value: "x".repeat(8_193) }, /at most 8192/],
    ["a name with a digit first", { name: "1A", value: "x" }, /does not start with a digit/],
  ])("sets %s, or says in a 400 why not", async (_name, change, refusal) => {
    const response = await fetch(`${app.url}/api/update_environment_variables`, {
      method: "POST",
      headers: { Authorization: `Convex ${app.adminKey}` },
      body: JSON.stringify({ changes: [change] }),
    });
    expect(response.status).toBe(refusal === null ? 200 : 400);
    expect(await response.text()).toMatch(refusal ?? /^$/);
  });

  it("keeps the connection after a refusal", async () => {
    const { hostname, port } = new URL(app.url);
    const status = await new Promise<(number | undefined)[]>((resolve, reject) => {
      const seen: (number | undefined)[] = [];
      const ask = (): void => {
        const sent = request({ hostname, port, path: "/api/query", method: "POST" }, (response) => {
          seen.push(response.statusCode);
          response.resume().on("end", () => (seen.length === 2 ? resolve(seen) : ask()));
        });
        sent.on("error", reject).end("{");
      };
      ask();
    });
    expect(status).toEqual([400, 400]);
  });
});
