/** Values and their limits, as a client sees them. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestApp, type TestApp } from "./test-app.js";

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp({
    "values.ts": `
    export const echo = query({ handler: async (ctx, { value }) => value });
    export const store = mutation({ handler: async (ctx, { value }) => {
      const id = await ctx.db.insert("boxes", { value });
      return (await ctx.db.get(id)).value;
    } });
    export const stored = mutation({ handler: async (ctx, { document }) => {
      const id = await ctx.db.insert("boxes", document);
      const { _id, _creationTime, ...fields } = await ctx.db.get(id);
      return fields;
    } });
    const nest = (depth) => { let value = 1; for (let i = 0; i < depth; i++) value = [value]; return value; };
    const fields = (count) => Object.fromEntries(Array.from({ length: count }, (_, i) => ["f" + i, 0]));
    const DOCUMENTS = {
      arrayOf8192: () => ({ list: Array(8192).fill(0) }),
      arrayOf8193: () => ({ list: Array(8193).fill(0) }),
      fields1022: () => fields(1022),
      fields1024: () => fields(1024),
      fields1025: () => fields(1025),
      nested16: () => ({ value: nest(15) }),
      nested17: () => ({ value: nest(16) }),
      nested70: () => ({ value: nest(70) }),
      megabyte: () => ({ text: "x".repeat((1 << 20) - 200) }),
      overMegabyte: () => ({ text: "x".repeat(1 << 20) }),
      twoMegabytes: () => ({ text: "x".repeat(2 << 20) }),
      dollar: () => ({ nested: { $set: 1 } }),
      umlaut: () => ({ "ä": 1 }),
      control: () => ({ "a\\tb": 1 }),
      longName: () => ({ ["n".repeat(1025)]: 1 }),
      underscore: () => ({ _secret: 1 }),
      emptyName: () => ({ "": 1 }),
      undefinedInArray: () => ({ list: [undefined] }),
      undefinedField: () => ({ gone: undefined, kept: 1 }),
      date: () => ({ at: new Date(0) }),
      map: () => ({ map: new Map() }),
      bigint: () => ({ n: 2n ** 63n }),
      notAnObject: () => 5,
      array: () => [1],
      id: () => ({ _id: "x" }),
      creationTime: () => ({ _creationTime: 1 }),
      surrogate: () => ({ text: "\\ud800" }),
    };
    export const insert = mutation({ args: { what: v.string() }, handler: async (ctx, { what }) => {
      const id = await ctx.db.insert("boxes", DOCUMENTS[what]());
      return Object.keys(await ctx.db.get(id)).length - 2;
    } });
    const RESULTS = {
      array8193: () => Array(8193).fill(0),
      fields1025: () => fields(1025),
      nested65: () => nest(65),
      dollar: () => ({ $set: 1 }),
      large: () => "x".repeat(17 << 20),
      nested64: () => nest(64),
    };
    export const give = query({ args: { what: v.string() }, handler: async (ctx, { what }) => RESULTS[what]() });
    export const length = query({ handler: async (ctx, { text }) => text.length });`,
  });
});
afterAll(() => app.dispose());

const bytes = new Uint8Array([0, 1, 254, 255]).buffer;
const VALUES: readonly (readonly [name: string, value: unknown])[] = [
  ["null", null],
  ["booleans", [true, false]],
  ["the smallest int64", -(2n ** 63n)],
  ["the largest int64", 2n ** 63n - 1n],
  ["int64 zero", 0n],
  ["minus zero", -0],
  ["NaN", Number.NaN],
  ["the infinities", [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]],
  ["the smallest and the largest float", [Number.MIN_VALUE, Number.MAX_VALUE]],
  ["a float above 2^53", 2 ** 53 + 2],
  ["bytes", bytes],
  ["no bytes", new ArrayBuffer(0)],
  ["text beyond ASCII, with NUL", "zero \0, é, 漢字, 🎈,   "],
  ["empty text, array and object", ["", [], {}]],
  ["names that JavaScript has plans for", { constructor: 1, toString: 2, hasOwnProperty: 3 }],
  ["names with a space, a dot, a quote", { "a b": 1, "a.b": 2, '"': 3, "": 4 }],
  ["numeric names", { 2: "two", 10: "ten", 1: "one" }],
  ["a nest of everything", { list: [{ n: 1n, b: bytes, deep: [[-0, { f: Number.NaN }]] }] }],
];

describe("a value comes back as it was sent", () => {
  it.each(VALUES)("%s, from a query", async (_name, value) => {
    expect(await app.query("values:echo", { value })).toEqual(value);
  });

  it.each(VALUES)("%s, from the database", async (_name, value) => {
    expect(await app.mutation("values:store", { value })).toEqual(value);
  });

  it("an undefined field is not sent, and undefined alone is null", async () => {
    expect(await app.query("values:echo", { value: { a: undefined, b: 1 } })).toEqual({ b: 1 });
    expect(await app.query("values:echo", { value: undefined })).toBeNull();
  });

  it("fields of a document are kept sorted by name", async () => {
    const { body } = await app.post("/api/mutation", {
      path: "values:stored",
      args: { document: { b: 1, a: { d: 1, c: 1 } } },
    });
    expect(JSON.stringify(body.value)).toBe('{"a":{"c":1,"d":1},"b":1}');
  });
});

describe("a document", () => {
  it.each([
    ["arrayOf8192", 1],
    ["fields1022", 1022],
    ["nested16", 1],
    ["megabyte", 1],
    ["undefinedField", 1],
  ])("may be: %s", async (what, fieldCount) => {
    expect(await app.mutation("values:insert", { what })).toBe(fieldCount);
  });

  it.each([
    ["arrayOf8193", "Uncaught Error: Array length is too long (8193 > maximum length 8192)"],
    ["fields1025", /^Uncaught Error: Object has too many fields \(\d+ > maximum number 1024\)/],
    [
      "nested17",
      "Uncaught Error: Document is too nested (nested 17 levels deep > maximum nesting 16)",
    ],
    [
      "nested70",
      /^Uncaught Error: .*too nested \(nested \d+ levels deep > maximum nesting (64|16)\)/,
    ],
    ["overMegabyte", "Uncaught Error: Value is too large (1.1 MiB > maximum size 1 MiB)"],
    ["twoMegabytes", "Uncaught Error: Value is too large (2.1 MiB > maximum size 1 MiB)"],
    ["dollar", /Field name \$set starts with a '\$', which is reserved\./],
    ["umlaut", /Field name ä has invalid character/],
    ["control", /has invalid character/],
    ["longName", /exceeds maximum field name length 1024/],
    ["underscore", /starts with an underscore/],
    ["undefinedInArray", /undefined is not a valid Convex value/],
    ["date", /is not a supported Convex type/],
    ["map", /is not a supported Convex type/],
    ["bigint", /does not fit into a 64-bit signed integer/],
    ["notAnObject", /^Uncaught Error: Invalid argument `value` for `db.insert`: /],
    ["array", /^Uncaught Error: Invalid argument `value` for `db.insert`: /],
    ["id", /_id/],
    ["creationTime", /_creationTime/],
    ["surrogate", /surrogate/],
  ])("may not be: %s", async (what, text) => {
    const error = await app.errorOf("mutation", "values:insert", { what });
    if (typeof text === "string") expect(error.split("\n")[0]).toBe(text);
    else expect(error).toMatch(text);
  });
});

describe("what a function returns", () => {
  it("may nest 64 deep", async () => {
    expect(JSON.stringify(await app.query("values:give", { what: "nested64" }))).toBe(
      `${"[".repeat(64)}1${"]".repeat(64)}`,
    );
  });

  it.each([
    ["array8193", /Array length is too long \(8193 > maximum length 8192\)/],
    ["fields1025", /Object has too many fields \(1025 > maximum number 1024\)/],
    ["nested65", /too nested \(nested 65 levels deep > maximum nesting 64\)/],
    ["dollar", /Field name \$set starts with a '\$', which is reserved\./],
    ["large", /too large \(.*17.*16 MiB/],
  ])("may not be: %s", async (what, text) => {
    expect(await app.errorOf("query", "values:give", { what })).toMatch(text);
  });
});

describe("arguments", () => {
  it("of almost 16 MiB arrive, above that they are refused", async () => {
    const text = "x".repeat((16 << 20) - 1_000);
    expect(await app.query("values:length", { text })).toBe(text.length);
    const error = await app.errorOf("query", "values:length", {
      text: `${text}${"x".repeat(2_000)}`,
    });
    expect(error).toMatch(
      /^Arguments for values\.js:length are too large \(actual: .*, limit: 16 MiB\)/,
    );
  });

  it.each([
    ["an unknown $ field", '{"value":{"$set":[]}}'],
    ["an int64 of three bytes", '{"value":{"$integer":"AAAA"}}'],
    ["an ordinary float in disguise", '{"value":{"$float":"AAAAAAAA8D8="}}'],
    ["a $ field among others", '{"value":{"$integer":"AAAAAAAAAAA=","x":1}}'],
    ["an array of 8,193", `{"value":[${Array(8193).fill(0).join(",")}]}`],
    ["65 nested arrays", `{"value":${"[".repeat(65)}${"]".repeat(65)}}`],
    ["a control character in a name", '{"value":{"a\\u0001":1}}'],
  ])("are refused: %s", async (_name, args) => {
    const { status, body } = await app.post(
      "/api/query",
      `{"path":"values:echo","format":"convex_encoded_json","args":${args}}`,
    );
    // A developer's error or a bad request, but neither an answer nor a fault of the server.
    expect([status, body.status ?? body.code]).toEqual(
      status === 200 ? [200, "error"] : [400, expect.any(String)],
    );
  });
});
