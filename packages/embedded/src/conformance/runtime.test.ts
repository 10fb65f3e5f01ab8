/** What functions find around them, the calls among them, and the scheduler. */
import { ConvexClient } from "convex/browser";
import { makeFunctionReference } from "convex/server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestApp, type TestApp } from "./test-app.js";

let app: TestApp;
let socket: ConvexClient;
beforeAll(async () => {
  app = await startTestApp({
    "around.ts": `
    export const time = mutation({ handler: async (ctx) => {
      const first = [Date.now(), new Date().getTime(), performance.now()];
      for (let i = 0; i < 2_000_000; i++) Math.sqrt(i);
      await ctx.db.query("rows").collect();
      await ctx.runQuery("around:now");
      return [first, [Date.now(), new Date().getTime(), performance.now()], Date.now() === await ctx.runQuery("around:now")];
    } });
    export const now = query({ handler: async () => Date.now() });
    export const random = query({ handler: async () => [Math.random(), Math.random(), crypto.randomUUID(), crypto.randomUUID(), [...crypto.getRandomValues(new Uint8Array(16))].join()] });
    const REFUSED = {
      fetch: () => fetch("http://127.0.0.1:1/"),
      setTimeout: () => setTimeout(() => {}, 1),
      setInterval: () => setInterval(() => {}, 1),
      generateKey: () => crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, true, ["sign"]),
      import: () => import("./other"),
      formData: () => new Response("a=1", { headers: { "Content-Type": "application/x-www-form-urlencoded" } }).formData(),
      requestFormData: () => new Request("http://a/", { method: "POST", body: new URLSearchParams({ a: "1" }) }).formData(),
      bodyStream: async () => { for await (const chunk of new Response("x").body) return chunk.length; },
      bodyReader: () => new Response("x").body.getReader().read(),
    };
    const attempt = async (ctx, { what }) => { await REFUSED[what](); return "done"; };
    export const inQuery = query({ handler: attempt });
    export const inMutation = mutation({ handler: attempt });
    export const inAction = action({ handler: attempt });
    export const allowed = query({ handler: async () => {
      const bytes = new TextEncoder().encode("abc");
      const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
      const url = new URL("/a?b=c", "http://d");
      const response = new Response("x", { status: 201, headers: { a: "b" } });
      return [digest[0], url.searchParams.get("b"), structuredClone({ a: [1] }), atob(btoa("x")), new Headers({ a: "b" }).get("a"),
        response.status, await response.text(), response instanceof Response, Response.name, Response.json(1) instanceof Response, await new Request("http://a/", { method: "POST", body: "posted" }).text(), new Blob(["xyz"]).size, typeof AbortController, new TextDecoder().decode(bytes), await new Blob(["b"]).text()];
    } });
    export const types = query({ handler: async () => [typeof WeakRef, typeof FinalizationRegistry, typeof require, typeof Buffer, typeof process.env, Object.keys(process).join()] });
    export const urls = query({ handler: async () => [process.env.CONVEX_CLOUD_URL, process.env.CONVEX_SITE_URL, process.env.PATH ?? null] });
    export const who = query({ handler: async (ctx) => ctx.auth.getUserIdentity() });`,
    "other.ts": "export const x = 1;",
    "calls.ts": `
    export const add = mutation({ args: { n: v.number() }, handler: async ({ db }, { n }) => { await db.insert("numbers", { n }); return n; } });
    export const addAndFail = mutation({ args: { n: v.number() }, handler: async (ctx, { n }) => { await ctx.runMutation("calls:add", { n }); throw new ConvexError({ n }); } });
    export const list = query({ handler: async ({ db }) => (await db.query("numbers").collect()).map(({ n }) => n) });
    export const nest = mutation({ handler: async (ctx) => {
      await ctx.runMutation("calls:add", { n: 1 });
      let data = null;
      try { await ctx.runMutation("calls:addAndFail", { n: 2 }); } catch (error) { data = error.data; }
      await ctx.runMutation("calls:add", { n: 3 });
      return [data, await ctx.runQuery("calls:list")];
    } });
    export const failAfter = mutation({ handler: async (ctx) => { await ctx.runMutation("calls:add", { n: 4 }); throw new Error("undone"); } });
    export const failLast = mutation({ handler: async (ctx) => ctx.runMutation("calls:addAndFail", { n: 5 }) });
    export const mutateInQuery = query({ handler: async (ctx) => ctx.runMutation("calls:add", { n: 6 }) });
    export const queryIsMutation = mutation({ handler: async (ctx) => ctx.runMutation("calls:list") });
    export const missing = mutation({ handler: async (ctx) => ctx.runQuery("calls:gone") });
    export const action1 = action({ handler: async (ctx) => {
      const n = await ctx.runMutation("calls:add", { n: 7 });
      try { await ctx.runMutation("calls:addAndFail", { n: 8 }); } catch {}
      return [n, (await ctx.runQuery("calls:list")).filter((n) => n >= 7), await ctx.runAction("calls:action2", { n: 1n })];
    } });
    export const action2 = action({ args: { n: v.int64() }, handler: async (ctx, { n }) => n + 1n });
    export const metrics = mutation({ handler: async (ctx) => { await ctx.db.insert("numbers", { n: 9 }); return (await ctx.meta?.getTransactionMetrics?.()) ?? null; } });`,
    "jobs.ts": `
    export const note = mutation({ args: { text: v.string() }, handler: async ({ db }, { text }) => { await db.insert("notes", { text }); } });
    export const fail = mutation({ handler: async () => { throw new Error("job failed"); } });
    export const act = internalAction({ handler: async (ctx) => { await ctx.runMutation("jobs:note", { text: "by action" }); } });
    export const actFail = internalAction({ handler: async () => { throw new Error("action failed"); } });
    export const cancelSelf = mutation({ args: { }, handler: async (ctx) => {
      const [job] = (await ctx.db.system.query("_scheduled_functions").collect()).filter((row) => row.state.kind === "inProgress");
      try { await ctx.scheduler.cancel(job._id); } catch (error) { await ctx.db.insert("notes", { text: error.message }); }
    } });
    export const start = mutation({ args: { name: v.string(), args: v.any(), ms: v.number() }, handler: (ctx, { name, args, ms }) => ctx.scheduler.runAfter(ms, name, args) });
    export const startAt = mutation({ args: { at: v.number() }, handler: (ctx, { at }) => ctx.scheduler.runAt(at, "jobs:note", { text: "at" }) });
    export const startAndFail = mutation({ handler: async (ctx) => { await ctx.scheduler.runAfter(0, "jobs:note", { text: "undone" }); throw new Error("no"); } });
    export const startByAction = action({ handler: (ctx) => ctx.scheduler.runAfter(0, "jobs:note", { text: "from action" }) });
    export const cancel = mutation({ args: { id: v.id("_scheduled_functions") }, handler: (ctx, { id }) => ctx.scheduler.cancel(id) });
    export const look = query({ args: { id: v.id("_scheduled_functions") }, handler: (ctx, { id }) => ctx.db.system.get(id) });
    export const notes = query({ handler: async (ctx) => (await ctx.db.query("notes").collect()).map(({ text }) => text) });`,
  });
  socket = new ConvexClient(app.url, { logger: false });
});
afterAll(async () => {
  await socket.close();
  await app.dispose();
});

const sentence = (thing: string) =>
  `Uncaught Error: Can't use ${thing} in queries and mutations. Please consider using an action. See https://docs.convex.dev/functions/actions for more details.`;

describe("determinism", () => {
  it("the clock stands still during a mutation and what it calls", async () => {
    const [first, second, isSame] = (await app.mutation("around:time")) as [
      unknown,
      unknown,
      boolean,
    ];
    expect(second).toEqual(first);
    expect(isSame).toBe(true);
  });

  it("random numbers differ within a call and between calls", async () => {
    const calls = (await Promise.all(
      [1, 2, 3].map(() => app.query("around:random")),
    )) as unknown[][];
    const drawn = calls.flat();
    expect(new Set(drawn).size).toBe(drawn.length);
    expect(drawn[2]).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
  });

  it.each([
    ["fetch", sentence("fetch()")],
    ["setTimeout", sentence("setTimeout")],
    ["setInterval", sentence("setInterval")],
    ["generateKey", sentence("crypto.subtle.generateKey")],
    ["import", 'Uncaught Error: Can\'t dynamically import "./other" in a query or mutation'],
    ["formData", sentence("formData()")],
    ["requestFormData", sentence("formData()")],
    ["bodyStream", sentence("body streams")],
    ["bodyReader", sentence("body streams")],
  ])("%s is refused in queries and mutations and works in actions", async (what, text) => {
    for (const [type, name] of [
      ["query", "inQuery"],
      ["mutation", "inMutation"],
    ] as const) {
      const error = await app.errorOf(type, `around:${name}`, { what });
      expect(error.split("\n")[0]).toBe(text);
    }
    // An action would really ask port 1.
    if (what !== "fetch") expect(await app.action("around:inAction", { what })).toBe("done");
  });

  it("what is pure is there", async () => {
    expect(await app.query("around:allowed")).toEqual([
      ...[
        0xba,
        "c",
        { a: [1] },
        "x",
        "b",
        201,
        "x",
        true,
        "Response",
        true,
        "posted",
        3,
        "function",
        "abc",
        "b",
      ],
    ]);
    expect(await app.query("around:types")).toEqual([
      ...["undefined", "undefined", "function", "undefined", "object", "env"],
    ]);
  });

  it("process.env names the deployment and nothing of the machine", async () => {
    expect(await app.query("around:urls")).toEqual([app.url, app.siteUrl, null]);
  });

  it("nobody is signed in", async () => {
    expect(await app.query("around:who")).toBeNull();
  });
});

describe("calls among functions", () => {
  it("a nested mutation that fails is undone alone, and its data can be read", async () => {
    expect(await app.mutation("calls:nest")).toEqual([{ n: 2 }, [1, 3]]);
    expect(await app.errorOf("mutation", "calls:failAfter")).toMatch(/^Uncaught Error: undone/);
    expect(await app.errorOf("mutation", "calls:failLast")).toMatch(/^Uncaught ConvexError: /);
    expect(await app.query("calls:list")).toEqual([1, 3]);
  });

  it("an action's calls are transactions of their own", async () => {
    expect(await app.action("calls:action1")).toEqual([7, [7], 2n]);
  });

  it.each([
    ["query", "mutateInQuery", /^Uncaught TypeError: ctx\.runMutation is not a function/],
    [
      "mutation",
      "queryIsMutation",
      /^Uncaught Error: Trying to execute calls\.js:list as Mutation, but it is defined as Query\./,
    ],
    ["mutation", "missing", /^Uncaught Error: Could not find .*function for 'calls:gone'/],
  ] as const)("%s %s is refused", async (type, name, text) => {
    expect(await app.errorOf(type, `calls:${name}`)).toMatch(text);
  });
});

interface Job {
  readonly name: string;
  readonly args: unknown;
  readonly scheduledTime: number;
  readonly completedTime?: number;
  readonly state: { readonly kind: string; readonly error?: string };
}

/** The job once it is in a state, as an open query tells. */
function whenJob(id: unknown, kind: string): Promise<Job> {
  return new Promise((resolve, reject) => {
    const look = makeFunctionReference<"query", { id: unknown }, Job>("jobs:look");
    const stop = socket.onUpdate(
      look,
      { id },
      (job) => {
        if (job.state.kind !== kind) return;
        queueMicrotask(stop);
        resolve(job);
      },
      reject,
    );
  });
}

const start = (name: string, args: object = {}, ms = 0) =>
  app.mutation("jobs:start", { name, args, ms });

describe("the scheduler", () => {
  it("a job goes from pending to success, and keeps its name and arguments", async () => {
    const id = await start("jobs:note", { text: "later" });
    const job = await whenJob(id, "success");
    expect(job).toMatchObject({ name: "jobs.js:note", args: [{ text: "later" }] });
    expect(job.completedTime).toBeGreaterThanOrEqual(job.scheduledTime);
    expect(await app.query("jobs:notes")).toContain("later");
  });

  it.each([
    ["jobs:fail", "job failed"],
    ["jobs:actFail", "action failed"],
  ])("%s ends as failed with its error", async (name, text) => {
    const job = await whenJob(await start(name), "failed");
    expect(job.state.error).toContain(text);
    expect(job.completedTime).toEqual(expect.any(Number));
  });

  it("actions run, and actions schedule", async () => {
    await whenJob(await start("jobs:act"), "success");
    await whenJob(await app.action("jobs:startByAction"), "success");
    expect(await app.query("jobs:notes")).toEqual(
      expect.arrayContaining(["by action", "from action"]),
    );
  });

  it("a canceled job does not run, and ended ones are left as they are", async () => {
    const id = await start("jobs:note", { text: "never" }, 3_600_000);
    expect(await app.query("jobs:look", { id })).toMatchObject({ state: { kind: "pending" } });
    for (const _ of [1, 2]) expect(await app.mutation("jobs:cancel", { id })).toBeNull();
    expect(await app.query("jobs:look", { id })).toMatchObject({ state: { kind: "canceled" } });
    const done = await start("jobs:note", { text: "done" });
    await whenJob(done, "success");
    await app.mutation("jobs:cancel", { id: done });
    expect(await app.query("jobs:look", { id: done })).toMatchObject({
      state: { kind: "success" },
    });
  });

  it("a mutation cannot cancel itself", async () => {
    await whenJob(await start("jobs:cancelSelf"), "success");
    expect(await app.query("jobs:notes")).toContain("A mutation cannot cancel itself");
  });

  it("what a failed mutation scheduled does not happen", async () => {
    expect(await app.errorOf("mutation", "jobs:startAndFail")).toMatch(/^Uncaught Error: no/);
    await whenJob(await start("jobs:note", { text: "after" }), "success");
    expect(await app.query("jobs:notes")).not.toContain("undone");
  });

  it.each([
    [
      "a missing module",
      () => start("nowhere:gone"),
      /Attempted to schedule function at nonexistent path: nowhere\.js:gone/,
    ],
    [
      "a missing function",
      () => start("jobs:gone"),
      /Attempted to schedule function, but no exported function gone found in the file: jobs\.js\. Did you forget to export it\?/,
    ],
    [
      "six years ahead",
      () => app.mutation("jobs:startAt", { at: Date.now() + 6 * 31_557_600_000 }),
      /5 years/,
    ],
    [
      "six years ago",
      () => app.mutation("jobs:startAt", { at: Date.now() - 6 * 31_557_600_000 }),
      /5 years/,
    ],
    ["a negative delay", () => start("jobs:note", { text: "x" }, -1), /non-negative/],
  ])("refuses %s", async (_name, attempt, text) => {
    await expect(attempt()).rejects.toThrow(text);
  });
});
