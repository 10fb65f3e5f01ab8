import { afterAll, beforeAll, expect, test } from "vitest";
import { openTestRuntime, type TestRuntime } from "./test-runtime.js";

let t: TestRuntime;
beforeAll(async () => {
  t = await openTestRuntime({
    "notes.ts": `
      export const add = internalMutation({ args: { text: v.string() }, handler: async (ctx, { text }) => { await ctx.db.insert("notes", { text }); } });
      export const list = query({ handler: async (ctx) => (await ctx.db.query("notes").collect()).map((note) => note.text) });`,
    "http.ts": `
      const http = httpRouter();
      http.route({ path: "/notes", method: "POST", handler: httpAction(async (ctx, request) => {
        const { text } = await request.json();
        await ctx.runMutation("notes:add", { text });
        return new Response("made", { status: 201, headers: { "x-kind": "note" } });
      }) });
      http.route({ path: "/notes", method: "GET", handler: httpAction(async (ctx) => Response.json(await ctx.runQuery("notes:list"))) });
      http.route({ pathPrefix: "/files/", method: "GET", handler: httpAction(async (ctx, request) => new Response("prefix " + new URL(request.url).pathname)) });
      http.route({ pathPrefix: "/files/deep/", method: "GET", handler: httpAction(async () => new Response("deeper")) });
      http.route({ path: "/method", method: "GET", handler: httpAction(async (ctx, request) => new Response("body", { headers: { "x-method": request.method } })) });
      http.route({ path: "/fail", method: "GET", handler: httpAction(async () => { console.log("before"); throw new Error("boom"); }) });
      http.route({ path: "/refuse", method: "GET", handler: httpAction(async () => { throw new ConvexError({ code: 7 }); }) });
      http.route({ path: "/nothing", method: "GET", handler: httpAction(async () => "text") });
      http.route({ path: "/identity", method: "GET", handler: httpAction(async (ctx) => Response.json((await ctx.auth.getUserIdentity())?.subject ?? null)) });
      http.route({ path: "/stream", method: "GET", handler: httpAction(async (ctx) => {
        const body = new ReadableStream({ async pull(controller) {
          controller.enqueue(new TextEncoder().encode(JSON.stringify(await ctx.runQuery("notes:list"))));
          controller.close();
        } });
        return new Response(body);
      }) });
      http.route({ path: "/large", method: "GET", handler: httpAction(async (ctx, request) => new Response(new Uint8Array(Number(new URL(request.url).searchParams.get("bytes"))))) });
      export default http;`,
  });
});
afterAll(() => t.close());

const send = (path: string, init?: RequestInit) =>
  t.runtime.runHttpAction(new Request(`http://127.0.0.1:3211${path}`, init), { kind: "none" });

test("a handler gets the request and its answer is the response", async () => {
  const made = await send("/notes", { method: "POST", body: '{"text":"hello"}' });
  expect([made.status, made.headers.get("x-kind"), await made.text()]).toEqual([
    201,
    "note",
    "made",
  ]);
  expect(await (await send("/notes")).json()).toEqual(["hello"]);
});

test("an exact path wins over a prefix, a longer prefix over a shorter", async () => {
  expect(await (await send("/files/a")).text()).toBe("prefix /files/a");
  expect(await (await send("/files/deep/a")).text()).toBe("deeper");
});

test("no route, or none for the method, is a 404", async () => {
  for (const response of [await send("/none"), await send("/notes", { method: "DELETE" })]) {
    expect([response.status, await response.text()]).toEqual([404, "No matching routes found"]);
  }
});

test("HEAD is answered as GET without the body", async () => {
  const response = await send("/method", { method: "HEAD" });
  expect([response.status, response.headers.get("x-method"), await response.text()]).toEqual([
    200,
    "GET",
    "",
  ]);
});

test("an uncaught error is a 500 that says what happened", async () => {
  const response = await send("/fail");
  expect(response.status).toBe(500);
  expect(await response.json()).toEqual({
    code: expect.stringMatching(
      /^\[Request ID: [0-9a-f]{16}\] Server Error: Uncaught Error: boom$/,
    ),
    trace: expect.stringMatching(
      /^Uncaught Error: boom\n {4}at .*\(\.\.\/convex\/http\.ts:\d+:\d+\)\n/,
    ),
  });
  expect(t.logged).toContain("[GET /fail] [LOG] 'before'");
});

test("the data of an uncaught ConvexError is in the body", async () => {
  expect(await (await send("/refuse")).json()).toMatchObject({ data: { code: 7 } });
});

test("a handler that returns no Response fails", async () => {
  expect((await send("/nothing")).status).toBe(500);
});

test("the caller's identity reaches the handler", async () => {
  const request = new Request("http://127.0.0.1:3211/identity");
  const identity = { kind: "user", attributes: { subject: "me" } } as const;
  expect(await (await t.runtime.runHttpAction(request, identity)).json()).toBe("me");
});

test("a body that streams may still ask the server", async () => {
  expect(await (await send("/stream")).json()).toEqual(["hello"]);
});

test("an answer may have 20 MiB and no more", async () => {
  const limit = 20 * 1024 * 1024;
  const allowed = await send(`/large?bytes=${limit}`);
  expect((await allowed.arrayBuffer()).byteLength).toBe(limit);
  const tooLarge = await send(`/large?bytes=${limit + 1}`);
  await expect(tooLarge.arrayBuffer()).rejects.toThrow("HttpResponseTooLarge");
});

test("without http.ts there are no HTTP actions", async () => {
  const bare = await openTestRuntime({
    "notes.ts": "export const a = query({ handler: async () => 1 });",
  });
  try {
    const response = await bare.runtime.runHttpAction(new Request("http://127.0.0.1/"), {
      kind: "none",
    });
    expect([response.status, await response.text()]).toEqual([
      404,
      "This Convex deployment does not have HTTP actions enabled.",
    ]);
  } finally {
    await bare.close();
  }
});
