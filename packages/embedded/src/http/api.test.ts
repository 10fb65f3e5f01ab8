/** The HTTP API and HTTP actions by plain `fetch`, against the whole server. */
import { randomUUID } from "node:crypto";
import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestServer, type TestServer } from "../../bench/support/test-server.js";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.dispose());

function post(path: string, body: unknown, headers: Record<string, string> = {}) {
  return fetch(`${server.url}${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
}

const asAdmin = () => ({ Authorization: `Convex ${server.adminKey}` });

describe("calls", () => {
  it("a query takes its arguments as an object or in an array", async () => {
    const path = "items:sum";
    for (const args of [{ key: "none" }, [{ key: "none" }]]) {
      const response = await post("/api/query", { path, args });
      expect(await response.json()).toEqual({ status: "success", value: 0 });
    }
  });

  it("a query can be asked in the URL", async () => {
    const args = encodeURIComponent('{"key":"none"}');
    const response = await fetch(`${server.url}/api/query?path=items:sum&args=${args}`);
    expect(await response.json()).toEqual({ status: "success", value: 0 });
  });

  it.each([
    [undefined, "1152921504606846976"],
    ["json", "1152921504606846976"],
    ["convex_encoded_json", { $integer: "AAAAAAAAABA=" }],
  ])("format %s gives an int64 as %j", async (format, value) => {
    const response = await post("/api/query", { path: "items:big", args: {}, format });
    expect(await response.json()).toEqual({ status: "success", value });
  });

  it("an error of the function is an answer with status 200", async () => {
    const response = await post("/api/mutation", { path: "items:refuse", args: {} });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      status: "error",
      errorMessage: expect.stringContaining("ConvexError"),
      errorData: { code: "refused", needed: "2" },
    });
  });

  it("log lines come with the answer when there are any", async () => {
    const response = await post("/api/query", { path: "items:logs", args: {} });
    expect(await response.json()).toMatchObject({ logLines: ["[LOG] 'looked' 42"] });
  });

  it("an internal function is as missing to the public as one that is not there", async () => {
    for (const path of ["items:secret", "items:nothing"]) {
      const response = await post("/api/query", { path, args: {} });
      const answer = (await response.json()) as { errorMessage: string };
      expect(answer.errorMessage).toContain(`Could not find public function for '${path}'`);
    }
  });

  it("the admin may call an internal function by /api/function, and nobody else anything", async () => {
    const body = { path: "items:secret", args: {}, format: "json" };
    const admin = await post("/api/function", body, asAdmin());
    expect(await admin.json()).toMatchObject({ status: "success", value: "internal" });
    expect((await post("/api/function", body)).status).toBe(403);
    expect((await post("/api/function", body, { Authorization: "Convex a|b" })).status).toBe(401);
  });

  it("the admin may act as a user", async () => {
    const user = Buffer.from(JSON.stringify({ subject: "someone" })).toString("base64");
    const response = await post(
      "/api/query",
      { path: "items:whoAmI", args: {} },
      { Authorization: `Convex ${server.adminKey}:${user}` },
    );
    expect(await response.json()).toMatchObject({ value: "someone" });
  });

  it("any function can be run by its path in the URL", async () => {
    const response = await post("/api/run/items/sum", { args: { key: "none" } });
    expect(await response.json()).toEqual({ status: "success", value: 0 });
  });

  it("a batch of queries is answered in order", async () => {
    const queries = [
      { path: "items:sum", args: { key: "none" } },
      { path: "items:broken", args: {} },
    ];
    const response = await post("/api/query_batch", { queries });
    expect(await response.json()).toMatchObject({
      results: [{ status: "success", value: 0 }, { status: "error" }],
    });
  });

  it("the newest moment can be named and read; an older one is refused by name", async () => {
    const { ts } = (await (await post("/api/query_ts", "")).json()) as { ts: string };
    const body = { path: "items:sum", args: { key: "none" }, ts };
    expect(await (await post("/api/query_at_ts", body)).json()).toMatchObject({ value: 0 });
    await post("/api/mutation", { path: "items:add", args: { key: randomUUID(), value: 1 } });
    const late = await post("/api/query_at_ts", body);
    expect(late.status).toBe(400);
    expect(await late.text()).toContain("not supported by the embedded server yet");
  });
});

describe("refusals", () => {
  it.each<[string, string, unknown, number, string]>([
    ["a body that is no JSON", "/api/query", "{", 400, "BadJsonBody"],
    ["a body that is a list", "/api/query", [], 400, "BadJsonBody"],
    ["no path", "/api/query", {}, 400, "BadConvexFunctionIdentifier"],
    ["a path with a space", "/api/query", { path: "a b:c" }, 400, "BadConvexFunctionIdentifier"],
    ["arguments that are text", "/api/query", { path: "a:b", args: "x" }, 400, "BadJsonBody"],
    ["an unknown format", "/api/query", { path: "a:b", format: "xml" }, 400, "BadFormat"],
    ["an unknown route", "/api/deploy2/start_push", {}, 400, "NotSupported"],
    ["an upload", "/api/storage/upload?token=x", {}, 400, "NotSupported"],
    ["a route named like a property", "/api/constructor", {}, 400, "NotSupported"],
    ["variables by nobody", "/api/update_environment_variables", { changes: [] }, 403, "Forbidden"],
  ])("%s", async (_name, path, body, status, code) => {
    const response = await post(path, body);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ code });
  });

  it("names what it does not support", async () => {
    expect(await (await post("/api/deploy2/start_push", {})).text()).toContain(
      '\\"POST /api/deploy2/start_push\\" is not supported by the embedded server yet',
    );
  });

  it("a user's token, for there is no sign-in", async () => {
    const response = await post("/api/query", { path: "a:b" }, { Authorization: "Bearer a.b.c" });
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ code: "NoAuthProvider" });
  });

  it("GET where POST is meant", async () => {
    expect((await fetch(`${server.url}/api/mutation`)).status).toBe(405);
  });

  it("a body above 24 MB, before it has been read", async () => {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const sent = request(`${server.url}/api/query`, {
        method: "POST",
        headers: { "Content-Length": 25 * 1_048_576 },
      });
      sent.on("response", (response) => {
        resolve(response.statusCode);
        sent.destroy();
      });
      sent.on("error", reject);
      sent.flushHeaders();
    });
    expect(status).toBe(413);
  });

  it.each([
    ["a path that is no URL", "main", { path: "//" }, 404],
    ["a host that is none", "site", { path: "/hello", headers: { Host: "a b" } }, 400],
    ["a method that fetch does not know", "site", { path: "/hello", method: "TRACE" }, 400],
  ])("%s", async (_name, port, options, status) => {
    const { hostname, port: number } = new URL(port === "main" ? server.url : server.siteUrl);
    const before = server.lines.length;
    const answered = await new Promise<number | undefined>((resolve, reject) => {
      const sent = request({ hostname, port: number, ...options });
      sent.on("response", (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      sent.on("error", reject);
      sent.end();
    });
    expect(answered).toBe(status);
    expect(server.lines.length).toBe(before);
  });

  it("variables with names that no program can read", async () => {
    const changes = [{ name: "not a name", value: "x" }];
    const response = await post("/api/update_environment_variables", { changes }, asAdmin());
    expect(response.status).toBe(400);
  });
});

describe("other sites", () => {
  it("may call the API: the origin and the asked headers are let in", async () => {
    const headers = {
      Origin: "https://app.example",
      "Access-Control-Request-Method": "POST",
      "Access-Control-Request-Headers": "convex-client, content-type",
    };
    const preflight = await fetch(`${server.url}/api/query`, { method: "OPTIONS", headers });
    expect(preflight.status).toBe(200);
    expect(preflight.headers.get("access-control-allow-origin")).toBe("https://app.example");
    expect(preflight.headers.get("access-control-allow-headers")).toBe(
      "convex-client, content-type",
    );
    const response = await post("/api/query", { path: "a:b", args: {} }, headers);
    expect(response.headers.get("access-control-allow-origin")).toBe("https://app.example");
  });
});

describe("about the deployment", () => {
  it.each([
    ["/", "This Convex deployment is running. See https://docs.convex.dev/."],
    ["/instance_name", "tideline-embedded"],
    ["/version", "0.1.0"],
    ["/instance_version", "0.1.0"],
  ])("GET %s", async (path, text) => {
    expect(await (await fetch(`${server.url}${path}`)).text()).toBe(text);
  });
});

describe("HTTP actions", () => {
  it.each([
    ["the site port", () => server.siteUrl],
    ["the main port under /http", () => `${server.url}/http`],
  ])("are served at %s", async (_name, base) => {
    const response = await fetch(`${base()}/hello?name=you`);
    expect(await response.text()).toBe("hello you");
    expect(response.headers.get("x-path")).toBe("/hello");
  });

  it("read their body and write", async () => {
    const key = randomUUID();
    const body = JSON.stringify({ key });
    const response = await fetch(`${server.siteUrl}/items`, { method: "POST", body });
    expect(response.status).toBe(201);
    const query = await post("/api/query", { path: "items:sum", args: { key } });
    expect(await query.json()).toMatchObject({ value: 1 });
  });

  it("stream", async () => {
    const response = await fetch(`${server.siteUrl}/ticks`);
    expect(response.headers.get("content-type")).toBe("text/plain");
    expect(await response.text()).toBe("one\ntwo\nthree\n");
  });

  it("that are not routed are not found", async () => {
    const response = await fetch(`${server.siteUrl}/elsewhere`);
    expect(response.status).toBe(404);
    expect(await response.text()).toBe("No matching routes found");
  });
});
