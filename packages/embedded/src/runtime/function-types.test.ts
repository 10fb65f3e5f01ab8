import { afterAll, beforeAll, expect, test } from "vitest";
import { openTestRuntime, type TestRuntime } from "./test-runtime.js";

let t: TestRuntime;
beforeAll(async () => {
  t = await openTestRuntime(
    {
      "schema.ts": `
      export default defineSchema({ notes: defineTable({ text: v.string(), rank: v.optional(v.number()) }).index("by_rank", ["rank"]) });`,
      "notes.ts": `
      export const list = query({ args: {}, handler: async (ctx) => (await ctx.db.query("notes").collect()).map((n) => n.text) });
      export const add = mutation({ args: { text: v.string() }, returns: v.id("notes"), handler: async (ctx, { text }) => ctx.db.insert("notes", { text }) });
      export const addTwice = action({ args: { text: v.string() }, handler: async (ctx, { text }) => {
        await ctx.runMutation("notes:add", { text });
        await ctx.runMutation("notes:add", { text });
        return (await ctx.runQuery("notes:list", {})).length;
      } });
      export const secret = internalQuery({ handler: async () => "secret" });
      export const viaAction = action({ handler: async (ctx) => ctx.runQuery("notes:secret") });
      export default query({ handler: async () => 7n });
      export const nothing = query({ handler: async () => {} });
      export const notAFunction = 5;`,
      "errors.ts": `
      export const plain = query({ handler: async () => {
        throw new Error("boom");
      } });
      export const typed = query({ handler: async () => { throw new ConvexError({ code: "full", size: 3n }); } });
      export const text = query({ handler: async () => { throw new ConvexError("just text"); } });
      export const thing = query({ handler: async () => { throw "a string"; } });
      export const returns = query({ returns: v.string(), handler: async () => 5 });
      export const undo = mutation({ args: {}, returns: v.string(), handler: async (ctx) => { await ctx.db.insert("notes", { text: "undone" }); return 5; } });
      export const logs = query({ handler: async () => {
        console.log("text", 42, { a: [1] });
        console.warn("careful");
        console.error(new Error("x").message);
      } });
      export const manyLogs = query({ handler: async () => { for (let i = 0; i < 1000; i++) console.log(i); } });
      export const longLog = query({ handler: async () => { console.log(["x".repeat(30_000), "y".repeat(30_000)]); } });
      export const inAction = action({ handler: async (ctx) => { await ctx.runQuery("errors:plain"); } });
      export const dataInAction = action({ handler: async (ctx) => {
        try { await ctx.runQuery("errors:typed"); } catch (error) { return [error instanceof ConvexError, error.data.code]; }
      } });
      export const unsupported = action({ handler: async (ctx) => ctx.storage.generateUploadUrl() });
      export const vector = action({ handler: async (ctx) => ctx.vectorSearch("notes", "by_x", { vector: [1], limit: 1 }) });
      export const identity = query({ handler: async (ctx) => ctx.auth.getUserIdentity() });
      export const metadata = mutation({ handler: async (ctx) => [await ctx.meta.getFunctionMetadata(), await ctx.meta.getRequestMetadata()] });
      export const handle = mutation({ handler: async (ctx) => { const h = await createFunctionHandle("notes:list"); return [h, await ctx.runQuery(h)]; } });
      export const environment = query({ handler: async () => [process.env.NAME, process.env.CONVEX_CLOUD_URL, process.env.CONVEX_SITE_URL, process.env.PATH ?? null] });`,
    },
    { env: { NAME: "from options" } },
  );
});
afterAll(() => t.close());

const PREFIX = "[Request ID: 0123456789abcdef] Server Error\n";

test("a mutation writes, a query reads, an action calls both", async () => {
  const added = await t.mutation("notes:add", { text: "one" });
  expect(added).toMatchObject({ ok: true, ts: expect.any(BigInt), logLines: [] });
  expect(await t.query("notes:list")).toMatchObject({ ok: true, value: '["one"]', journal: null });
  expect(await t.action("notes:addTwice", { text: "two" })).toMatchObject({ ok: true, value: "3" });
});

test("a repeat of a session's request answers as before and does not run", async () => {
  const before = (await t.query("notes:list")) as { value: string };
  const session = { sessionId: "s", requestId: 1 };
  const request = {
    path: "notes:add",
    args: { text: "once" },
    identity: { kind: "none" },
    requestId: "0",
  } as const;
  const first = await t.runtime.runMutation(request, { session });
  const second = await t.runtime.runMutation(request, { session });
  expect(second).toEqual(first);
  const after = (await t.query("notes:list")) as { value: string };
  expect(JSON.parse(after.value)).toHaveLength(JSON.parse(before.value).length + 1);
});

test("paths may name the file with .js, and a default export by its module alone", async () => {
  expect(await t.query("notes.js:list")).toMatchObject({ ok: true });
  expect(await t.query("notes")).toMatchObject({ ok: true, value: '{"$integer":"BwAAAAAAAAA="}' });
  expect(await t.query("notes:default")).toMatchObject({ ok: true });
});

test("undefined is answered as null", async () => {
  expect(await t.query("notes:nothing")).toMatchObject({ ok: true, value: "null" });
});

test("a missing and an internal function are refused with one text", async () => {
  for (const name of ["missing", "secret"]) {
    expect(await t.query(`notes:${name}`)).toMatchObject({
      ok: false,
      errorMessage: `${PREFIX}Could not find public function for 'notes:${name}'. Did you forget to run \`npx convex dev\` or \`npx convex deploy\`?`,
    });
  }
});

test("internal functions are open to the admin and to functions", async () => {
  expect(await t.query("notes:secret", {}, { allowInternal: true })).toMatchObject({
    value: '"secret"',
  });
  expect(await t.action("notes:viaAction")).toMatchObject({ value: '"secret"' });
  expect(await t.query("notes:gone", {}, { allowInternal: true })).toMatchObject({
    errorMessage: `${PREFIX}Could not find function for 'notes:gone'. Did you forget to run \`npx convex dev\`?`,
  });
});

test("a function of another type is refused", async () => {
  expect(await t.query("notes:add", { text: "x" })).toMatchObject({
    errorMessage: `${PREFIX}Trying to execute notes.js:add as Query, but it is defined as Mutation.`,
  });
});

test("runAny runs whatever type the function has", async () => {
  for (const [path, args] of [
    ["notes:list", {}],
    ["notes:add", { text: "any" }],
    ["notes:viaAction", {}],
  ] as const) {
    const outcome = await t.runtime.runAny({
      path,
      args,
      identity: { kind: "admin" },
      requestId: "0",
    });
    expect(outcome).toMatchObject({ ok: true });
  }
});

test("arguments that do not fit are refused with the validator's reason", async () => {
  expect(await t.mutation("notes:add", { text: 5 })).toMatchObject({
    ok: false,
    errorMessage: `${PREFIX}ArgumentValidationError: Value does not match validator.\nPath: .text\nValue: 5.0\nValidator: v.string()`,
  });
  expect(await t.mutation("notes:add", [{}])).toMatchObject({
    errorMessage: expect.stringContaining(
      "ArgumentValidationError: Object is missing the required field `text`.",
    ),
  });
});

test("a value that does not fit what a mutation returns undoes its writes", async () => {
  expect(await t.query("errors:returns")).toMatchObject({
    errorMessage: expect.stringContaining(
      "ReturnsValidationError: Value does not match validator.",
    ),
  });
  expect(await t.mutation("errors:undo")).toMatchObject({ ok: false });
  expect(await t.query("notes:list")).toMatchObject({
    value: expect.not.stringContaining("undone"),
  });
});

test("an error names the file, line and column of the source", async () => {
  const outcome = await t.query("errors:plain");
  const { errorMessage } = outcome as { errorMessage: string };
  expect(
    errorMessage.startsWith(
      `${PREFIX}Uncaught Error: boom\n    at handler (../convex/errors.ts:4:15)\n`,
    ),
  ).toBe(true);
  expect(errorMessage.endsWith(")\n")).toBe(true);
  expect(outcome).not.toHaveProperty("errorData");
});

test("a ConvexError carries its data", async () => {
  expect(await t.query("errors:typed")).toMatchObject({
    errorMessage: expect.stringContaining("Uncaught ConvexError: "),
    errorData: { code: "full", size: { $integer: "AwAAAAAAAAA=" } },
  });
  expect(await t.query("errors:text")).toMatchObject({
    errorMessage: expect.stringContaining("Uncaught ConvexError: just text\n"),
    errorData: "just text",
  });
});

test("what is thrown need not be an Error", async () => {
  expect(await t.query("errors:thing")).toMatchObject({
    errorMessage: `${PREFIX}Uncaught a string\n`,
  });
});

test("an error of a call reaches the action as an error, with its data", async () => {
  expect(await t.action("errors:inAction")).toMatchObject({
    errorMessage: expect.stringContaining(
      "Uncaught Error: Uncaught Error: boom\n    at handler (../convex/errors.ts:4:15)\n",
    ),
  });
  expect(await t.action("errors:dataInAction")).toMatchObject({ value: '[true,"full"]' });
});

test("log lines have their level, and values as object-inspect shows them", async () => {
  expect((await t.query("errors:logs")).logLines).toEqual([
    "[LOG] 'text' 42 {\n  a: [ 1 ]\n}",
    "[WARN] 'careful'",
    "[ERROR] 'x'",
  ]);
});

test("there are at most 256 log lines, and none is longer than 32,768 characters", async () => {
  const { logLines } = await t.query("errors:manyLogs");
  expect(logLines).toHaveLength(257);
  expect(logLines.at(-1)).toMatch(/Log overflow/);
  const long = (await t.query("errors:longLog")).logLines[0];
  expect(long).toHaveLength("[LOG] ".length + 32_768);
  expect(long?.endsWith(" (truncated due to length)")).toBe(true);
});

test("what is not supported is refused by name", async () => {
  expect(await t.action("errors:unsupported")).toMatchObject({
    errorMessage: expect.stringContaining("storage is not supported by the embedded server yet"),
  });
  expect(await t.action("errors:vector")).toMatchObject({
    errorMessage: expect.stringContaining(
      "vector search is not supported by the embedded server yet",
    ),
  });
});

test("asking who calls is noted, and answered by the kind of caller", async () => {
  const attributes = { tokenIdentifier: "i|s", subject: "s", issuer: "i" };
  expect(await t.query("errors:identity")).toMatchObject({ value: "null", usedIdentity: true });
  expect(
    await t.query("errors:identity", {}, { identity: { kind: "user", attributes } }),
  ).toMatchObject({
    value: '{"issuer":"i","subject":"s","tokenIdentifier":"i|s"}',
  });
  expect(
    await t.query("errors:identity", {}, { identity: { kind: "admin", actingAs: attributes } }),
  ).toMatchObject({
    value: '{"issuer":"i","subject":"s","tokenIdentifier":"i|s"}',
  });
  expect(await t.query("notes:list")).toMatchObject({ usedIdentity: false, usedClock: false });
});

test("functions can ask about themselves and their request", async () => {
  const outcome = await t.mutation("errors:metadata", {}, { client: { ip: "127.0.0.1" } });
  expect(JSON.parse((outcome as { value: string }).value)).toEqual([
    { name: "errors:metadata", componentPath: "", type: "mutation", visibility: "public" },
    {
      ip: "127.0.0.1",
      userAgent: null,
      requestId: "0123456789abcdef",
      scheduledFunctionId: null,
      authToken: null,
    },
  ]);
});

test("a function handle stands for its function", async () => {
  expect(await t.mutation("errors:handle")).toMatchObject({
    ok: true,
    value: expect.stringContaining("function://"),
  });
});

test("process.env has the deployment's variables and none of the process", async () => {
  const urls = ["http://127.0.0.1:3210", "http://127.0.0.1:3211", null];
  const read = async () =>
    JSON.parse(((await t.query("errors:environment")) as { value: string }).value);
  expect(await read()).toEqual(["from options", ...urls]);
  t.database.setEnvironmentVariables(new Map([["NAME", "from the database"]]));
  expect(await read()).toEqual(["from the database", ...urls]);
  t.database.setEnvironmentVariables(new Map([["NAME", null]]));
  expect(await read()).toEqual(["from options", ...urls]);
});

test("the functions are listed with type, visibility and validators", () => {
  const specs = t.runtime.functionSpecs();
  expect(specs).toContainEqual({
    identifier: "notes.js:add",
    functionType: "Mutation",
    visibility: "public",
    args: { type: "object", value: { text: { fieldType: { type: "string" }, optional: false } } },
    returns: { type: "id", tableName: "notes" },
  });
  expect(specs.map(({ identifier }) => identifier)).not.toContain("notes.js:notAFunction");
});
