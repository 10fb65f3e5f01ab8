/** What functions may do with the database, and the words in which they are refused. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestApp, type TestApp } from "./test-app.js";

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp({
    "schema.ts": `
    export default defineSchema({
      rows: defineTable({ n: v.string(), a: v.optional(v.any()), b: v.optional(v.any()), deep: v.optional(v.any()) })
        .index("by_a", ["a"]).index("by_a_and_b", ["a", "b"]).index("by_deep", ["deep.x"]),
      people: defineTable({ name: v.string(), friend: v.optional(v.id("people")), job: v.optional(v.id("_scheduled_functions")) }),
      shapes: defineTable(v.union(
        v.object({ kind: v.literal("circle"), r: v.number() }),
        v.object({ kind: v.literal("square"), side: v.number() }))),
      many: defineTable({ n: v.number() }).index("by_n", ["n"]),
    });`,
    "fill.ts": `
    export const rows = mutation({ handler: async ({ db }) => {
      const VALUES = [["missing", {}], ["null", { a: null }], ["bigMinus", { a: -5n }], ["bigPlus", { a: 5n }],
        ["-inf", { a: -Infinity }], ["-1", { a: -1 }], ["-0", { a: -0 }], ["0", { a: 0 }], ["1", { a: 1 }], ["inf", { a: Infinity }], ["nan", { a: NaN }],
        ["false", { a: false }], ["true", { a: true }], ["empty", { a: "" }], ["A", { a: "A" }], ["a", { a: "a" }], ["é", { a: "é" }],
        ["private", { a: "\\uffee" }], ["emoji", { a: "🎈" }],
        ["bytes", { a: new Uint8Array([1]).buffer }], ["list0", { a: [] }], ["list1", { a: [1] }], ["list12", { a: [1, 2] }], ["list2", { a: [2] }],
        ["object0", { a: {} }], ["objectA", { a: { a: 1 } }], ["objectB", { a: { b: 0 } }]];
      for (const [n, fields] of VALUES.reverse()) await db.insert("rows", { n, ...fields });
    } });
    export const pairs = mutation({ handler: async ({ db }) => {
      for (const a of ["p", "q"]) for (const b of [3, 1, 2]) await db.insert("rows", { n: a + b, a: [a], b, deep: { x: b } });
    } });
    export const many = mutation({ args: { from: v.number(), count: v.number() }, handler: async ({ db }, { from, count }) => {
      for (let n = from; n < from + count; n++) await db.insert("many", { n });
    } });`,
    "ask.ts": `
    const names = (rows) => rows.map(({ n }) => n);
    const RANGES = {
      all: (q) => q,
      eqUndefined: (q) => q.eq("a", undefined),
      eqNull: (q) => q.eq("a", null),
      gtNull: (q) => q.gt("a", null).lt("a", 0),
      gteNull: (q) => q.gte("a", null).lt("a", -1),
      ltInt: (q) => q.lt("a", 0n),
      floats: (q) => q.gte("a", -Infinity).lte("a", NaN),
      minusZero: (q) => q.eq("a", -0),
      zero: (q) => q.eq("a", 0),
      nan: (q) => q.eq("a", NaN),
      text: (q) => q.gte("a", "").lt("a", new ArrayBuffer(0)),
      lists: (q) => q.gte("a", []).lt("a", {}),
      objects: (q) => q.gte("a", {}),
      nothing: (q) => q.gt("a", 5).lt("a", 5),
      upsideDown: (q) => q.gt("a", 7).lt("a", 5),
      gtUndefined: (q) => q.gt("a", undefined).lt("a", 0n),
    };
    export const range = query({ handler: async ({ db }, { what, order }) =>
      names(await db.query("rows").withIndex("by_a", RANGES[what]).order(order ?? "asc").collect()) });
    export const pairs = query({ handler: async ({ db }) => [
      names(await db.query("rows").withIndex("by_a_and_b", (q) => q.eq("a", ["q"])).collect()),
      names(await db.query("rows").withIndex("by_a_and_b", (q) => q.eq("a", ["q"]).gte("b", 2)).order("desc").collect()),
      names(await db.query("rows").withIndex("by_a_and_b", (q) => q.eq("a", ["p"]).eq("b", 3)).collect()),
      names(await db.query("rows").withIndex("by_deep", (q) => q.eq("deep.x", 1)).collect()),
    ] });
    const FILTERS = {
      eq: (q) => q.eq(q.field("b"), 2),
      missing: (q) => q.eq(q.field("zzz"), undefined),
      neq: (q) => q.and(q.neq(q.field("b"), 2), q.neq(q.field("b"), undefined)),
      nested: (q) => q.eq(q.field("deep.x"), 3),
      arithmetic: (q) => q.eq(q.add(q.field("b"), q.mul(2, 2)), 5),
      mod: (q) => q.and(q.gt(q.field("b"), undefined), q.eq(q.field("b"), q.sub(5, q.neg(q.sub(0, 4))))),
      or: (q) => q.or(q.eq(q.field("b"), 1), q.eq(q.field("b"), 3)),
      not: (q) => q.not(q.or(q.eq(q.field("b"), undefined), q.gte(q.field("b"), 2))),
    };
    export const filter = query({ handler: async ({ db }, { what }) =>
      names(await db.query("rows").withIndex("by_a_and_b", (q) => q.gte("a", ["p"]).lte("a", ["q"])).filter(FILTERS[what]).collect()) });
    export const take = query({ handler: async ({ db }) => {
      const asked = () => db.query("rows").withIndex("by_a_and_b", (q) => q.gte("a", ["p"]).lte("a", ["q"]));
      const seen = [];
      for await (const row of asked()) { seen.push(row.n); if (seen.length === 2) break; }
      return [
        names(await asked().take(2)), (await asked().first()).n, (await asked().order("desc").first()).n, seen,
        (await asked().filter((q) => q.eq(q.field("b"), 9)).first()), (await asked().filter((q) => q.eq(q.field("n"), "q2")).unique()).n,
        names(await asked().take(0)),
      ];
    } });
    export const order = query({ handler: async ({ db }) => [
      (await db.query("rows").first()).n, (await db.query("rows").order("desc").first()).n,
      (await db.query("rows").withIndex("by_creation_time", (q) => q.gt("_creationTime", 0)).first()).n,
      (await db.query("nothing").collect()).length, await db.query("nothing").first(),
    ] });
    const REFUSED = {
      notUnique: ({ db }) => db.query("rows").withIndex("by_a_and_b", (q) => q.eq("a", ["p"])).unique(),
      noIndex: ({ db }) => db.query("rows").withIndex("by_zzz").collect(),
      noIndexOfNoTable: ({ db }) => db.query("nothing").withIndex("by_zzz").collect(),
      twoEq: ({ db }) => db.query("rows").withIndex("by_a", (q) => q.eq("a", 1).eq("a", 2)).collect(),
      twoLower: ({ db }) => db.query("rows").withIndex("by_a", (q) => q.gt("a", 1).gte("a", 2)).collect(),
      twoFields: ({ db }) => db.query("rows").withIndex("by_a_and_b", (q) => q.gt("a", 1).lt("b", 2)).collect(),
      skipped: ({ db }) => db.query("rows").withIndex("by_a_and_b", (q) => q.eq("b", 1)).collect(),
      foreign: ({ db }) => db.query("rows").withIndex("by_a", (q) => q.eq("zzz", 1)).collect(),
      addText: ({ db }) => db.query("rows").filter((q) => q.eq(q.add(q.field("n"), 1), 1)).collect(),
      search: ({ db }) => db.query("rows").withSearchIndex("by_text", (q) => q.search("n", "x")).collect(),
      getText: ({ db }) => db.get("not an id"),
      getNumber: ({ db }) => db.get(5),
      getNothing: ({ db }) => db.get(),
      getWrongTable: async ({ db }, ids) => db.get("rows", ids.person),
      getJob: ({ db }, ids) => db.get(ids.job),
      systemUser: ({ db }, ids) => db.system.get(ids.person),
      queryJobs: ({ db }) => db.query("_scheduled_functions").collect(),
      querySystemUser: ({ db }) => db.system.query("people").collect(),
      writeInQuery: ({ db }) => db.insert("people", { name: "x" }),
    };
    export const refused = query({ handler: async (ctx, { what, ids }) => REFUSED[what](ctx, ids) });
    export const ids = query({ handler: async ({ db }, { ids }) => ({
      get: (await db.get(ids.person)).name,
      getTable: (await db.get("people", ids.person)).name,
      gone: await db.get(ids.gone),
      job: (await db.system.get(ids.job)).name,
      jobs: (await db.system.query("_scheduled_functions").collect()).length > 0,
      files: await db.system.query("_storage").collect(),
      normalized: [db.normalizeId("people", ids.person), db.normalizeId("rows", ids.person), db.normalizeId("nothing", ids.person),
        db.normalizeId("people", "text"), db.normalizeId("people", ids.person.toUpperCase()), db.normalizeId("people", ids.person + "0")],
      systemNormalized: [db.system.normalizeId("_scheduled_functions", ids.job), db.system.normalizeId("_storage", ids.job)],
    }) });
    export const typed = query({ args: { person: v.id("people") }, handler: async ({ db }, { person }) => (await db.get(person))?.name ?? null });
    export const count = query({ handler: async ({ db }) => (await db.query("many").collect()).length });
    export const ranges = query({ handler: async ({ db }, { count }) => {
      for (let i = 0; i < count; i++) await db.query("many").withIndex("by_n", (q) => q.eq("n", i)).first();
      return count;
    } });`,
    "write.ts": `
    export const start = mutation({ handler: async ({ db, scheduler }) => {
      const job = await scheduler.runAt(Date.now() + 3_600_000, "write:nothing", {});
      const gone = await db.insert("people", { name: "gone" });
      await db.delete(gone);
      return { person: await db.insert("people", { name: "Ada" }), gone, job };
    } });
    export const nothing = mutation({ handler: async () => {} });
    const WRITES = {
      patch: async (db, { person }) => { await db.patch(person, { friend: person }); return db.get(person); },
      patchAway: async (db, { person }) => { await db.patch(person, { friend: undefined }); return db.get(person); },
      patchNothing: async (db, { person }) => { await db.patch(person, {}); return db.get(person); },
      patchSame: async (db, { person }) => { const row = await db.get(person); await db.patch(person, row); return db.get(person); },
      replace: async (db, { person }) => { await db.replace(person, { name: "Grace" }); return db.get(person); },
      replaceWithSystemFields: async (db, { person }) => { const row = await db.get(person); await db.replace(person, { ...row, name: "Ada" }); return db.get(person); },
      byTable: async (db, { person }) => { await db.patch("people", person, { name: "Tab" }); await db.replace("people", person, { name: "Ada" }); return db.get("people", person); },
      deleted: async (db) => { const id = await db.insert("people", { name: "x" }); await db.delete("people", id); return db.get(id); },
      seesOwn: async (db) => { const id = await db.insert("rows", { n: "own", a: "own" });
        const seen = (await db.query("rows").withIndex("by_a", (q) => q.eq("a", "own")).collect()).length;
        await db.patch(id, { a: "other" });
        const moved = (await db.query("rows").withIndex("by_a", (q) => q.eq("a", "own")).collect()).length;
        await db.delete(id); return [seen, moved]; },
      creationTimes: async (db) => { const times = []; for (let i = 0; i < 5; i++) times.push((await db.get(await db.insert("many", { n: -1 })))._creationTime);
        for (const row of await db.query("many").withIndex("by_n", (q) => q.eq("n", -1)).collect()) await db.delete(row._id);
        return times.every((time, i) => i === 0 || time > times[i - 1]); },
      caught: async (db, { gone }) => { try { await db.delete(gone); } catch (error) { return [error instanceof Error, error.message]; } },
      patchMissing: (db, { gone }) => db.patch(gone, {}),
      replaceMissing: (db, { gone }) => db.replace(gone, { name: "x" }),
      deleteMissing: (db, { gone }) => db.delete(gone),
      patchText: (db) => db.patch("nonsense", {}),
      patchOtherId: (db, { person, gone }) => db.patch(person, { _id: gone }),
      replaceOtherTime: (db, { person }) => db.replace(person, { name: "x", _creationTime: 5 }),
      patchJob: (db, { job }) => db.patch(job, { name: "x" }),
      deleteJob: (db, { job }) => db.delete(job),
      wrongTable: (db, { person }) => db.patch("rows", person, {}),
      schemaMissing: (db) => db.insert("people", {}),
      schemaExtra: (db) => db.insert("people", { name: "x", age: 5 }),
      schemaType: (db) => db.insert("people", { name: 5n }),
      schemaId: (db, { job }) => db.insert("people", { name: "x", friend: job }),
      schemaJob: (db, { person }) => db.insert("people", { name: "x", job: person }),
      schemaIdText: (db) => db.insert("people", { name: "x", friend: "nobody" }),
      schemaUnion: (db) => db.insert("shapes", { kind: "circle", side: 1 }),
      schemaPatch: (db, { person }) => db.patch(person, { name: 5 }),
      schemaPatchAway: (db, { person }) => db.patch(person, { name: undefined }),
      badTable: (db) => db.insert("no table", {}),
    };
    export const write = mutation({ handler: async ({ db }, { what, ids }) => WRITES[what](db, ids) });
    export const many = mutation({ handler: async ({ db }, { count, bytes }) => {
      for (let i = 0; i < count; i++) await db.insert("spare", { text: "x".repeat(bytes) });
      return count;
    } });
    export const readLarge = query({ handler: async ({ db }) => (await db.query("spare").collect()).length });`,
  });
  await app.mutation("fill:rows");
  await app.mutation("fill:pairs");
  ids = (await app.mutation("write:start")) as typeof ids;
});
afterAll(() => app.dispose());

let ids: { person: string; gone: string; job: string };

const FLOATS = ["-inf", "-1", "-0", "0", "1", "inf", "nan"];
const TEXTS = ["empty", "A", "a", "é", "private", "emoji"];
const PAIRS = ["p1", "p2", "p3", "q1", "q2", "q3"];

describe("index ranges", () => {
  const CASES: readonly (readonly [what: string, expected: readonly string[]])[] = [
    ["eqUndefined", ["missing"]],
    ["eqNull", ["null"]],
    ["gtUndefined", ["null", "bigMinus"]],
    ["gtNull", ["bigMinus", "bigPlus", "-inf", "-1", "-0"]],
    ["gteNull", ["null", "bigMinus", "bigPlus", "-inf"]],
    ["ltInt", ["missing", "null", "bigMinus"]],
    ["floats", FLOATS],
    ["minusZero", ["-0"]],
    ["zero", ["0"]],
    ["nan", ["nan"]],
    ["text", TEXTS],
    ["lists", ["list0", "list1", "list12", "list2", ...["p3", "p1", "p2", "q3", "q1", "q2"]]],
    ["objects", ["object0", "objectA", "objectB"]],
    ["nothing", []],
    ["upsideDown", []],
  ];
  it.each(CASES)("%s, and backwards", async (what, expected) => {
    expect(await app.query("ask:range", { what })).toEqual(expected);
    expect(await app.query("ask:range", { what, order: "desc" })).toEqual([...expected].reverse());
  });

  it("the whole index is in the order of all values", async () => {
    expect(await app.query("ask:range", { what: "all" })).toEqual([
      ...["missing", "null", "bigMinus", "bigPlus", ...FLOATS, "false", "true", ...TEXTS, "bytes"],
      ...["list0", "list1", "list12", "list2", "p3", "p1", "p2", "q3", "q1", "q2"],
      ...["object0", "objectA", "objectB"],
    ]);
  });

  it("of two fields, and of a nested one", async () => {
    expect(await app.query("ask:pairs")).toEqual([
      ["q1", "q2", "q3"],
      ["q3", "q2"],
      ["p3"],
      ["p1", "q1"],
    ]);
  });
});

describe("filters, limits and order", () => {
  it.each([
    ["eq", ["p2", "q2"]],
    ["missing", PAIRS],
    ["neq", ["p1", "p3", "q1", "q3"]],
    ["nested", ["p3", "q3"]],
    ["arithmetic", ["p1", "q1"]],
    ["mod", ["p1", "q1"]],
    ["or", ["p1", "p3", "q1", "q3"]],
    ["not", ["p1", "q1"]],
  ])("filter: %s", async (what, expected) => {
    expect(await app.query("ask:filter", { what })).toEqual(expected);
  });

  it("take, first, unique and a loop that is left", async () => {
    expect(await app.query("ask:take")).toEqual([
      ["p1", "p2"],
      "p1",
      "q3",
      ["p1", "p2"],
      null,
      "q2",
      [],
    ]);
  });

  it("a table is in the order of creation, and one that nobody wrote to is empty", async () => {
    expect(await app.query("ask:order")).toEqual(["objectB", "q2", "objectB", 0, null]);
  });
});

describe("a query is refused", () => {
  it.each([
    [
      "notUnique",
      /^Uncaught Error: unique\(\) query returned more than one result from table rows/,
    ],
    ["noIndex", "Uncaught Error: Index rows.by_zzz not found."],
    ["noIndexOfNoTable", "Uncaught Error: Index nothing.by_zzz not found."],
    ["twoEq", /^Uncaught Error: .*lready/],
    ["twoLower", /^Uncaught Error: Already defined lower bound in index range/],
    [
      "twoFields",
      /^Uncaught Error: Upper and lower bounds .* can only be applied to a single index/,
    ],
    [
      "skipped",
      /^Uncaught Error: Tried to query index rows\.by_a_and_b but the query didn't use the index fields in order\./,
    ],
    ["foreign", /"zzz".*rows\.by_a.*doesn't index this field/],
    ["addText", /^Uncaught Error: Cannot add "objectB" \(type string\) and 1\.0 \(type float64\)/],
    ["search", /text search/],
    ["getText", /^Uncaught Error: Invalid argument `id` for `db\.get`: Unable to decode ID/],
    ["getNumber", /^Uncaught Error: .*`?id`?.*/],
    ["getNothing", /^Uncaught TypeError: Must provide arg 1 `id` to `get`/],
    [
      "getWrongTable",
      'Uncaught Error: Invalid argument `id` for `db.get`: expected to be an Id<"rows">, got Id<"people"> instead.',
    ],
    ["getJob", "Uncaught Error: System tables can only be accessed with db.system."],
    ["systemUser", "Uncaught Error: User tables cannot be accessed with db.system."],
    ["queryJobs", "Uncaught Error: System tables can only be accessed from db.system.query()."],
    ["querySystemUser", "Uncaught Error: User tables can only be accessed from db.query()."],
    ["writeInQuery", /^Uncaught TypeError: db\.insert is not a function/],
  ])("%s", async (what, text) => {
    const error = await app.errorOf("query", "ask:refused", { what, ids });
    if (typeof text === "string") expect(error.split("\n")[0]).toBe(text);
    else expect(error).toMatch(text);
    expect(error).not.toContain("no error");
  });
});

describe("ids", () => {
  it("find documents of users and of the system, and are normalized for their table alone", async () => {
    const { person, job } = ids;
    expect(await app.query("ask:ids", { ids })).toEqual({
      get: "Ada",
      getTable: "Ada",
      gone: null,
      job: "write.js:nothing",
      jobs: true,
      files: [],
      normalized: [person, null, null, null, null, null],
      systemNormalized: [job, null],
    });
  });

  it("as arguments are of their table, whether or not the document is there", async () => {
    expect(await app.query("ask:typed", { person: ids.person })).toBe("Ada");
    expect(await app.query("ask:typed", { person: ids.gone })).toBeNull();
    const wrongTable = await app.errorOf("query", "ask:typed", { person: ids.job });
    expect(wrongTable).toMatch(
      /^ArgumentValidationError: Found ID ".*" from (table `_scheduled_functions`|a system table), which does not match the table name in validator `v\.id\("people"\)`\./,
    );
    expect(await app.errorOf("query", "ask:typed", { person: "nobody" })).toBe(
      'ArgumentValidationError: Value does not match validator.\nPath: .person\nValue: "nobody"\nValidator: v.id("people")',
    );
  });
});

describe("writes", () => {
  it.each([
    ["patch", () => ({ name: "Ada", friend: ids.person })],
    ["patchAway", () => ({ name: "Ada" })],
    ["patchNothing", () => ({ name: "Ada" })],
    ["patchSame", () => ({ name: "Ada" })],
    ["replace", () => ({ name: "Grace" })],
    ["replaceWithSystemFields", () => ({ name: "Ada" })],
    ["byTable", () => ({ name: "Ada" })],
  ])("%s leaves the document as it says", async (what, expected) => {
    const { _id, _creationTime, ...fields } = (await app.mutation("write:write", {
      what,
      ids,
    })) as {
      [field: string]: unknown;
    };
    expect([_id, typeof _creationTime]).toEqual([ids.person, "number"]);
    expect(fields).toEqual(expected());
  });

  it.each([
    ["deleted", null],
    ["seesOwn", [1, 0]],
    ["creationTimes", true],
  ])("%s", async (what, expected) => {
    expect(await app.mutation("write:write", { what, ids })).toEqual(expected);
  });

  it("an error of the database is an Error that can be caught", async () => {
    expect(await app.mutation("write:write", { what: "caught", ids })).toEqual([
      true,
      `Delete on nonexistent document ID ${ids.gone}`,
    ]);
  });

  const SCHEMA = (table: string) =>
    `Uncaught Error: Failed to insert or update a document in table "${table}" because it does not match the schema: `;
  it.each<[string, () => string | RegExp]>([
    ["patchMissing", () => `Uncaught Error: Update on nonexistent document ID ${ids.gone}`],
    ["replaceMissing", () => `Uncaught Error: Replace on nonexistent document ID ${ids.gone}`],
    ["deleteMissing", () => `Uncaught Error: Delete on nonexistent document ID ${ids.gone}`],
    [
      "patchText",
      () => /^Uncaught Error: Invalid argument `id` for `db\.patch`: Unable to decode ID/,
    ],
    ["patchOtherId", () => /_id/],
    ["replaceOtherTime", () => /_creationTime/],
    ["patchJob", () => /system/i],
    ["deleteJob", () => /system/i],
    [
      "wrongTable",
      () =>
        'Uncaught Error: Invalid argument `id` for `db.patch`: expected to be an Id<"rows">, got Id<"people"> instead.',
    ],
    [
      "schemaMissing",
      () =>
        `${SCHEMA("people")}Object is missing the required field \`name\`. Consider wrapping the field validator in \`v.optional(...)\` if this is expected.`,
    ],
    [
      "schemaExtra",
      () => `${SCHEMA("people")}Object contains extra field \`age\` that is not in the validator.`,
    ],
    ["schemaType", () => `${SCHEMA("people")}Value does not match validator.`],
    ["schemaId", () => /does not match the schema: Found ID ".*" from .*, which does not match/],
    [
      "schemaJob",
      () =>
        /does not match the schema: Found ID ".*" from table `people`, which does not match the table name in validator `v\.id\("_scheduled_functions"\)`/,
    ],
    ["schemaIdText", () => `${SCHEMA("people")}Value does not match validator.`],
    ["schemaUnion", () => `${SCHEMA("shapes")}Value does not match validator.`],
    ["schemaPatch", () => `${SCHEMA("people")}Value does not match validator.`],
    ["schemaPatchAway", () => /Object is missing the required field `name`/],
    ["badTable", () => /table name/i],
  ])("are refused: %s", async (what, text) => {
    const error = await app.errorOf("mutation", "write:write", { what, ids });
    const expected = text();
    if (typeof expected === "string") expect(error.split("\n")[0]).toBe(expected);
    else expect(error).toMatch(expected);
  });

  it("a mismatch names path, object and validator", async () => {
    const error = await app.errorOf("mutation", "write:write", { what: "schemaType", ids });
    expect(error.split("\n").slice(1, 4)).toEqual([
      "Path: .name",
      "Value: 5n",
      "Validator: v.string()",
    ]);
  });
});

describe("limits of one function", () => {
  it("16 MiB written", async () => {
    const args = { count: 17, bytes: 1_000_000 };
    expect(await app.errorOf("mutation", "write:many", args)).toMatch(
      /^Uncaught Error: Too many bytes written in a single function execution \(limit: 16777216 bytes\)/,
    );
    expect(await app.query("write:readLarge")).toBe(0);
  });

  it("16 MiB read", async () => {
    for (const _ of [1, 2]) await app.mutation("write:many", { count: 9, bytes: 1_000_000 });
    expect(await app.errorOf("query", "write:readLarge")).toMatch(
      /^Uncaught Error: Too many bytes read in a single function execution \(limit: 16777216 bytes\)\. Consider using smaller limits/,
    );
  });

  it("4,096 ranges read", async () => {
    expect(await app.query("ask:ranges", { count: 4_096 })).toBe(4_096);
    expect(await app.errorOf("query", "ask:ranges", { count: 4_097 })).toMatch(
      /^Uncaught Error: Too many reads in a single function execution \(limit: 4096\)\./,
    );
  });

  it("16,000 documents written, 32,000 documents read", async () => {
    expect(await app.errorOf("mutation", "fill:many", { from: 0, count: 16_001 })).toMatch(
      /^Uncaught Error: Too many writes in a single function execution \(limit: 16000\)/,
    );
    for (const from of [0, 16_000]) await app.mutation("fill:many", { from, count: 16_000 });
    expect(await app.query("ask:count")).toBe(32_000);
    await app.mutation("fill:many", { from: 32_000, count: 1 });
    expect(await app.errorOf("query", "ask:count")).toMatch(
      /^Uncaught Error: Too many documents read in a single function execution \(limit: 32000\)\. Consider/,
    );
  });
});
