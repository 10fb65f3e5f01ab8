/** What clients are told when a call fails, and what functions log. */
import { ConvexClient } from "convex/browser";
import { makeFunctionReference } from "convex/server";
import { ConvexError } from "convex/values";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { afterRequestId, startTestApp, type TestApp } from "./test-app.js";

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp({
    "checked.ts": `
    const ARGS = {
      text: { a: v.string() },
      optional: { a: v.optional(v.number()) },
      nested: { list: v.array(v.object({ n: v.number() })) },
      record: { r: v.record(v.string(), v.boolean()) },
      union: { u: v.union(v.literal("x"), v.literal(5), v.null()) },
      literal: { l: v.literal("x") },
      types: { i: v.int64(), b: v.bytes(), n: v.null(), any: v.any() },
    };
    const of = (args) => query({ args, handler: async () => "fits" });
    export const text = of(ARGS.text);
    export const optional = of(ARGS.optional);
    export const nested = of(ARGS.nested);
    export const record = of(ARGS.record);
    export const union = of(ARGS.union);
    export const literal = of(ARGS.literal);
    export const types = of(ARGS.types);
    export const none = of({});
    export const whole = query({ args: v.union(v.object({ a: v.string() }), v.object({ b: v.number() })), handler: async () => "fits" });
    export const unchecked = query(async (ctx, args) => Object.keys(args).length);
    export const returns = query({ args: { what: v.any() }, returns: v.object({ n: v.number() }), handler: async (ctx, { what }) => what });
    export const returnsNull = query({ args: {}, returns: v.null(), handler: async () => {} });
    export const actReturns = action({ args: {}, returns: v.string(), handler: async () => 5 });
    export const nestedCall = mutation({ handler: async (ctx) => {
      try { await ctx.runQuery("checked:text", { a: 5 }); } catch (error) { return [error.name, error.message.split("\\n")[0]]; }
    } });`,
    "throwing.ts": `
    class Special extends Error { name = "Special"; }
    const THROWN = {
      error: () => new Error("boom"),
      typeError: () => null.x,
      special: () => new Special("odd"),
      text: () => "text",
      number: () => 42,
      nothing: () => undefined,
      object: () => ({ a: 1 }),
      empty: () => new Error(),
      lines: () => new Error("one\\ntwo"),
      convexText: () => new ConvexError("full"),
      convexObject: () => new ConvexError({ code: "full", size: 3n, nested: [NaN] }),
      convexNull: () => new ConvexError(null),
    };
    const handler = async (ctx, { what }) => { throw THROWN[what](); };
    export const inQuery = query({ handler });
    export const inMutation = mutation({ handler });
    export const inAction = action({ handler });
    export const sync = query({ handler: () => { throw new Error("at once"); } });
    export const viaAction = action({ handler: async (ctx, { what }) => {
      try { await ctx.runMutation("throwing:inMutation", { what }); }
      catch (error) { return { isConvexError: error instanceof ConvexError, data: error.data ?? null, message: error.message }; }
    } });
    export const rethrown = action({ handler: async (ctx, { what }) => ctx.runMutation("throwing:inMutation", { what }) });
    export const endless = query({ handler: async () => { await new Promise(() => {}); } });`,
    "logging.ts": `
    export const all = query({ handler: async () => {
      console.log("text", 42, 5n, null, undefined, true);
      console.debug({ a: [1, { b: "c" }] });
      console.info(new Map([["k", 1]]), new Set([1]));
      console.warn([], {});
      console.error("it's", \`two
lines\`);
      console.log();
      console.log(-0, NaN, Symbol("s"), () => 1, class A {});
      console.log(new Uint8Array([1, 2]));
      return null;
    } });
    export const failing = mutation({ handler: async () => { console.log("before"); throw new Error("after"); } });
    export const inner = mutation({ handler: async () => { console.log("inner"); } });
    export const outer = mutation({ handler: async (ctx) => { console.log("outer"); await ctx.runMutation("logging:inner"); console.log("end"); } });`,
    "hidden.ts": `
    export const secret = internalQuery({ handler: async () => "secret" });
    export const write = internalMutation({ handler: async () => "written" });
    export const act = internalAction({ handler: async () => "acted" });
    export const open = mutation({ handler: async () => null });
    export const helper = () => "not a function of Convex";`,
  });
});
afterAll(() => app.dispose());

describe("arguments", () => {
  it.each([
    ["text", { a: "x" }],
    ["optional", {}],
    ["optional", { a: undefined }],
    ["nested", { list: [{ n: 1 }, { n: -0 }] }],
    ["record", { r: { a: true, "b c": false } }],
    ["union", { u: 5 }],
    ["union", { u: null }],
    ["types", { i: 5n, b: new ArrayBuffer(2), n: null, any: { x: [1n] } }],
    ["whole", { b: 5 }],
    ["none", {}],
  ])("that fit: %s, case %#", async (name, args) => {
    expect(await app.query(`checked:${name}`, args)).toBe("fits");
  });

  it("may be left out where nothing says what they are", async () => {
    expect(await app.query("checked:unchecked", { a: 1, b: 2 })).toBe(2);
  });

  const wanted = (field: string) =>
    `Object is missing the required field \`${field}\`. Consider wrapping the field validator in \`v.optional(...)\` if this is expected.`;
  it.each([
    ["text", {}, [wanted("a"), "", "Object: {}", "Validator: v.object({a: v.string()})"]],
    [
      "text",
      { a: "x", b: 1 },
      [
        "Object contains extra field `b` that is not in the validator.",
        "",
        'Object: {a: "x", b: 1.0}',
        "Validator: v.object({a: v.string()})",
      ],
    ],
    [
      "none",
      { b: 1 },
      [
        "Object contains extra field `b` that is not in the validator.",
        "",
        "Object: {b: 1.0}",
        "Validator: v.object({})",
      ],
    ],
    [
      "optional",
      { a: null },
      ["Value does not match validator.", "Path: .a", "Value: null", "Validator: v.float64()"],
    ],
    [
      "optional",
      { a: 5n },
      ["Value does not match validator.", "Path: .a", "Value: 5n", "Validator: v.float64()"],
    ],
    [
      "nested",
      { list: [{ n: 1 }, {}] },
      [wanted("n"), "Path: .list[1]", "Object: {}", "Validator: v.object({n: v.float64()})"],
    ],
    [
      "record",
      { r: { "b c": 5 } },
      [
        "Value does not match validator.",
        'Path: .r["b c"]',
        "Value: 5.0",
        "Validator: v.boolean()",
      ],
    ],
    [
      "union",
      { u: "y" },
      [
        "Value does not match validator.",
        "Path: .u",
        'Value: "y"',
        'Validator: v.union(v.literal("x"), v.literal(5.0), v.null())',
      ],
    ],
    [
      "literal",
      { l: "y" },
      ['`"y"` does not match literal validator `v.literal("x")`.', "Path: .l"],
    ],
  ])("that do not fit: %s, case %#", async (name, args, lines) => {
    expect(await app.errorOf("query", `checked:${name}`, args)).toBe(
      `ArgumentValidationError: ${lines.join("\n")}`,
    );
  });

  it("that are no object are refused", async () => {
    for (const args of [[], [1], [{}, {}], ["x"]]) {
      const { status, body } = await app.post("/api/query", { path: "checked:none", args });
      expect([status, body.status, body.code].join()).toMatch(/^(200,error,|400,,\w+)$/);
    }
  });

  it("of nested calls fail as an ordinary Error", async () => {
    expect(await app.mutation("checked:nestedCall")).toEqual([
      "Error",
      "ArgumentValidationError: Value does not match validator.",
    ]);
  });
});

describe("return values", () => {
  it("that fit", async () => {
    expect(await app.query("checked:returns", { what: { n: 1 } })).toEqual({ n: 1 });
    expect(await app.query("checked:returnsNull")).toBeNull();
  });

  it("that do not fit", async () => {
    expect(await app.errorOf("query", "checked:returns", { what: { n: "x" } })).toBe(
      'ReturnsValidationError: Value does not match validator.\nPath: .n\nValue: "x"\nValidator: v.float64()',
    );
    expect(await app.errorOf("action", "checked:actReturns")).toMatch(
      /^ReturnsValidationError: Value does not match validator\.\n\nValue: 5\.0\nValidator: v\.string\(\)/,
    );
  });
});

describe("what a function throws", () => {
  it.each([
    ["error", "Uncaught Error: boom"],
    ["typeError", "Uncaught TypeError: Cannot read properties of null (reading 'x')"],
    ["special", "Uncaught Special: odd"],
    ["text", "Uncaught text"],
    ["number", "Uncaught 42"],
    ["nothing", "Uncaught undefined"],
    ["empty", "Uncaught Error"],
    ["lines", "Uncaught Error: one\ntwo"],
    ["convexText", "Uncaught ConvexError: full"],
    ["convexNull", "Uncaught ConvexError: null"],
  ])("%s is told alike by queries, mutations and actions", async (what, text) => {
    for (const [type, name] of [
      ["query", "inQuery"],
      ["mutation", "inMutation"],
      ["action", "inAction"],
    ] as const) {
      const { body } = await app.post(`/api/${type}`, { path: `throwing:${name}`, args: { what } });
      const message = afterRequestId(String(body.errorMessage));
      expect(message.startsWith(`${text}\n`)).toBe(true);
      const stack = message.slice(text.length + 1);
      if (stack !== "")
        expect(stack).toMatch(/^( {4}at .* \(\.\.\/convex\/throwing\.ts:\d+:\d+\)\n)+$/);
      if (what === "error") expect(stack).toContain("at handler (../convex/throwing.ts:");
    }
  });

  it("at once is an error of the function too", async () => {
    expect(await app.errorOf("query", "throwing:sync")).toMatch(
      /^Uncaught Error: at once\n {4}at /,
    );
  });

  it("as ConvexError is one on the client, with every type of its data", async () => {
    const data = { code: "full", size: 3n, nested: [Number.NaN] };
    const socket = new ConvexClient(app.url, { logger: false });
    const args = { what: "convexObject" };
    const calls = [
      app.query("throwing:inQuery", args),
      app.mutation("throwing:inMutation", args),
      app.action("throwing:inAction", args),
      app.action("throwing:rethrown", args),
      socket.query(makeFunctionReference<"query">("throwing:inQuery"), args),
      socket.mutation(makeFunctionReference<"mutation">("throwing:inMutation"), args),
      socket.action(makeFunctionReference<"action">("throwing:inAction"), args),
    ];
    const errors = await Promise.all(calls.map((call) => call.catch((thrown: unknown) => thrown)));
    for (const error of errors) {
      expect(error).toBeInstanceOf(ConvexError);
      expect((error as ConvexError<typeof data>).data).toEqual(data);
    }
    await socket.close();
  });

  it("reaches an action as the error that it was", async () => {
    expect(await app.action("throwing:viaAction", { what: "convexObject" })).toMatchObject({
      isConvexError: true,
      data: { code: "full", size: 3n, nested: [Number.NaN] },
    });
    expect(await app.action("throwing:viaAction", { what: "error" })).toMatchObject({
      isConvexError: false,
      data: null,
      message: expect.stringContaining("boom"),
    });
  });

  it("has errorData only if it is a ConvexError", async () => {
    const plain = await app.post("/api/query", {
      path: "throwing:inQuery",
      args: { what: "error" },
    });
    expect(Object.keys(plain.body).sort()).toEqual(["errorMessage", "status"]);
    const typed = await app.post("/api/query", {
      path: "throwing:inQuery",
      args: { what: "convexObject" },
      format: "convex_encoded_json",
    });
    expect(typed.body.errorData).toEqual({
      code: "full",
      nested: [{ $float: "AAAAAAAA+H8=" }],
      size: { $integer: "AwAAAAAAAAA=" },
    });
  });

  it("never, for it waits for ever: it is ended after a second", async () => {
    expect(await app.errorOf("query", "throwing:endless")).toBe(
      "Function execution timed out (maximum duration: 1s)",
    );
  });
});

describe("log lines", () => {
  it("show values as a console does", async () => {
    const { body } = await app.post("/api/query", { path: "logging:all", args: {} });
    expect(body.logLines).toEqual([
      "[LOG] 'text' 42 5n null undefined true",
      "[DEBUG] {\n  a: [\n    1,\n    {\n      b: 'c'\n    }\n  ]\n}",
      "[INFO] Map (1) {\n  'k' => 1\n} Set (1) {\n  1\n}",
      "[WARN] [] {}",
      "[ERROR] 'it\\'s' 'two\\nlines'",
      "[LOG] ",
      "[LOG] -0 NaN Symbol(s) [Function (anonymous)] [Function: A]",
      expect.stringMatching(/^\[LOG\] .*1.*2/s),
    ]);
  });

  it("come with a failure, and nested ones in their place", async () => {
    const failing = await app.post("/api/mutation", { path: "logging:failing", args: {} });
    expect(failing.body.logLines).toEqual(["[LOG] 'before'"]);
    const outer = await app.post("/api/mutation", { path: "logging:outer", args: {} });
    expect(outer.body.logLines).toEqual(["[LOG] 'outer'", "[LOG] 'inner'", "[LOG] 'end'"]);
  });
});

describe("visibility", () => {
  const NOT_PUBLIC = (path: string) =>
    `Could not find public function for '${path}'. Did you forget to run \`npx convex dev\` or \`npx convex deploy\`?`;

  it.each([
    ["query", "hidden:secret", NOT_PUBLIC("hidden:secret")],
    ["mutation", "hidden:write", NOT_PUBLIC("hidden:write")],
    ["action", "hidden:act", NOT_PUBLIC("hidden:act")],
    ["query", "hidden:gone", NOT_PUBLIC("hidden:gone")],
    ["query", "nowhere:gone", NOT_PUBLIC("nowhere:gone")],
    ["query", "hidden:helper", NOT_PUBLIC("hidden:helper")],
    [
      "query",
      "hidden:open",
      "Trying to execute hidden.js:open as Query, but it is defined as Mutation.",
    ],
    [
      "action",
      "hidden:open",
      "Trying to execute hidden.js:open as Action, but it is defined as Mutation.",
    ],
  ] as const)("the public asks for %s %s", async (type, path, text) => {
    expect(await app.errorOf(type, path)).toBe(text);
  });

  it("the admin gets internal functions, and another text for what is missing", async () => {
    const asAdmin = { Authorization: `Convex ${app.adminKey}` };
    for (const [type, path, value] of [
      ["query", "hidden:secret", "secret"],
      ["mutation", "hidden:write", "written"],
      ["action", "hidden:act", "acted"],
    ]) {
      expect((await app.post(`/api/${type}`, { path, args: {} }, asAdmin)).body.value).toBe(value);
    }
    const { body } = await app.post("/api/function", { path: "hidden:gone", args: {} }, asAdmin);
    expect(afterRequestId(String(body.errorMessage))).toBe(
      "Could not find function for 'hidden:gone'. Did you forget to run `npx convex dev`?",
    );
  });
});
