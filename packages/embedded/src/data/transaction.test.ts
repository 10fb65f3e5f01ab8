import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { EncodedValue } from "../contract.js";
import type { EmbeddedDatabase } from "./embedded-database.js";
import {
  collect,
  get,
  insert,
  ns,
  patch,
  queryJson,
  remove,
  schemaOf,
  type TestFolder,
  testFolder,
  write,
} from "./test-database.js";

let folder: TestFolder;
let database: EmbeddedDatabase;

beforeEach(() => {
  folder = testFolder();
  database = folder.open();
  database.setSchema(
    schemaOf({
      rows: { indexes: { by_a: ["a"], by_a_and_b: ["a", "b"], by_kind: ["state.kind"] } },
    }),
  );
});

afterEach(() => folder.remove());

const UNDEFINED: EncodedValue = { $undefined: null };

describe("documents", () => {
  test("a document comes back with its system fields, in field order", async () => {
    const id = await write(database, (t) =>
      insert(t, "rows", { z: 1, B: [{ $integer: "AQAAAAAAAAA=" }] }),
    );
    const document = get(database.beginQuery(), id);
    expect(document).toEqual({
      B: [{ $integer: "AQAAAAAAAAA=" }],
      _creationTime: expect.any(Number),
      _id: id,
      z: 1,
    });
    expect(Object.keys(document ?? {})).toEqual(["B", "_creationTime", "_id", "z"]);
  });

  test("patch sets fields, and removes those given as undefined", async () => {
    const id = await write(database, (t) => insert(t, "rows", { a: 1, b: 2 }));
    await write(database, (t) => patch(t, id, { b: UNDEFINED, c: 3 }));
    expect(get(database.beginQuery(), id)).toMatchObject({ a: 1, c: 3 });
    expect(get(database.beginQuery(), id)).not.toHaveProperty("b");
  });

  test("replace keeps the system fields and nothing else", async () => {
    const id = await write(database, (t) => insert(t, "rows", { a: 1 }));
    const before = get(database.beginQuery(), id);
    await write(database, (t) =>
      t.syscall("1.0/replace", { id, value: { ...before, b: 2, a: 5 } }),
    );
    await write(database, (t) => t.syscall("1.0/replace", { id, value: { b: 2 } }));
    expect(get(database.beginQuery(), id)).toEqual({
      _id: id,
      _creationTime: before?._creationTime,
      b: 2,
    });
  });

  test("remove answers with what was there", async () => {
    const id = await write(database, (t) => insert(t, "rows", { a: 1 }));
    const removed = await write(database, (t) => t.syscall("1.0/remove", { id }));
    expect(removed).toMatchObject({ a: 1, _id: id });
    expect(get(database.beginQuery(), id)).toBeNull();
    expect(collect(database.beginQuery(), "rows.by_a")).toEqual([]);
  });

  test.each<[string, string, { [name: string]: EncodedValue }]>([
    ["Update on nonexistent document ID ID", "1.0/shallowMerge", { value: {} }],
    ["Replace on nonexistent document ID ID", "1.0/replace", { value: {} }],
    ["Delete on nonexistent document ID ID", "1.0/remove", {}],
    ['expected to be an Id<"users">, got Id<"rows"> instead.', "1.0/get", { table: "users" }],
    ["User tables cannot be accessed with db.system.", "1.0/get", { isSystem: true }],
  ])("refuses on an id that is gone: %s", async (message, name, args) => {
    const id = await write(database, (t) => insert(t, "rows", {}));
    await write(database, (t) => remove(t, id));
    const attempt = write(database, (t) => t.syscall(name, { id, isSystem: false, ...args }));
    await expect(attempt).rejects.toThrow(message.replace("ID ID", `ID ${id}`));
  });

  test.each<[string, string, EncodedValue]>([
    ["Value is too large (1.1 MiB > maximum size 1 MiB)", "rows", { a: "x".repeat(1 << 20) }],
    [
      "Document is too nested (nested 17 levels deep > maximum nesting 16)",
      "rows",
      JSON.parse(`{"a":${"[".repeat(16)}${"]".repeat(16)}}`) as EncodedValue,
    ],
    ["starts with an underscore", "rows", { _secret: 1 }],
    ["is set by the database", "rows", { _id: "x" }],
    ["expected an object", "rows", [1]],
    ["Invalid table name", "no-table", {}],
  ])("insert refuses: %s", async (message, table, value) => {
    const attempt = write(database, (t) => t.syscall("1.0/insert", { table, value }));
    await expect(attempt).rejects.toThrow(message);
  });

  test("a table appears with its first document, and an id of no table is nobody's", async () => {
    expect(database.tableNames()).toEqual(["rows"]);
    const id = await write(database, (t) => insert(t, "fresh", { n: 1 }));
    expect(database.tableNames()).toEqual(["fresh", "rows"]);
    expect(database.tableOfId(id)).toBe("fresh");
    expect(ns(collect(database.beginQuery(), "fresh"))).toEqual([1]);
    expect(collect(database.beginQuery(), "nothing")).toEqual([]);
    const normalized = (table: string) =>
      database.beginQuery().syscall("1.0/db/normalizeId", { table, idString: id });
    expect(normalized("fresh")).toEqual({ id });
    expect(normalized("rows")).toEqual({ id: null });
  });

  test("creation times strictly increase when the clock stands still", async () => {
    const still = testFolder();
    const frozen = still.open(() => 1_000);
    await write(frozen, (t) => [1, 2, 3].map((n) => insert(t, "rows", { n })));
    const times = collect(frozen.beginQuery(), "rows").map(({ _creationTime }) => _creationTime);
    expect(new Set(times).size).toBe(3);
    expect(ns(collect(frozen.beginQuery(), "rows"))).toEqual([1, 2, 3]);
    await still.remove();
  });

  test("a commit timestamp is known once the mutation is done", async () => {
    const id = await write(database, (t) => {
      const inserted = insert(t, "rows", { at: { $commitTs: null } });
      expect(get(t, inserted)).toMatchObject({ at: { $commitTs: null } });
      return inserted;
    });
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(database.latestTs);
    expect(get(database.beginQuery(), id)).toMatchObject({
      at: { $integer: bytes.toString("base64") },
    });
  });

  test("queries cannot write", () => {
    expect(() => insert(database.beginQuery(), "rows", {})).toThrow("Queries cannot write");
    expect(() => database.beginQuery().savepoint()).toThrow("no writes to roll back");
  });

  test("a transaction that is over answers no more", async () => {
    const kept = await write(database, (t) => t);
    expect(() => insert(kept, "rows", {})).toThrow("is over");
    expect(() => kept.system.insert("_jobs", {})).toThrow("is over");
  });

  test("a name that is not the database's has no answer", () => {
    expect(database.beginQuery().syscall("1.0/runUdf", {})).toBeUndefined();
  });
});

describe("index ranges", () => {
  const values: readonly (readonly [label: string, fields: { [field: string]: EncodedValue }])[] = [
    ["missing", {}],
    ["null", { a: null }],
    ["1", { a: 1 }],
    ["2", { a: 2 }],
    ["text", { a: "x" }],
  ];

  beforeEach(() =>
    write(database, (t) => {
      for (const [n, fields] of [...values].reverse()) insert(t, "rows", { n, ...fields });
    }),
  );

  type Range = readonly (readonly [string, string, EncodedValue])[];

  test.each<[Range, string[]]>([
    [[], ["missing", "null", "1", "2", "text"]],
    [[["Eq", "a", UNDEFINED]], ["missing"]],
    [[["Eq", "a", null]], ["null"]],
    [[["Gt", "a", null]], ["1", "2", "text"]],
    [[["Gte", "a", null]], ["null", "1", "2", "text"]],
    [[["Lt", "a", 2]], ["missing", "null", "1"]],
    [[["Lte", "a", 2]], ["missing", "null", "1", "2"]],
    [
      [
        ["Gt", "a", 1],
        ["Lt", "a", "x"],
      ],
      ["2"],
    ],
    [
      [
        ["Gt", "a", 2],
        ["Lt", "a", 1],
      ],
      [],
    ],
  ])("%j finds %j, either way round", (range, expected) => {
    const query = database.beginQuery();
    expect(ns(collect(query, "rows.by_a", { range }))).toEqual(expected);
    const descending = collect(query, "rows.by_a", { range, order: "desc" });
    expect(ns(descending)).toEqual([...expected].reverse());
  });

  test.each<[string, string, Range]>([
    ["Index rows.by_c not found.", "rows.by_c", []],
    ["didn't use the index fields in order", "rows.by_a_and_b", [["Eq", "b", 1]]],
    ["doesn't index this field", "rows.by_a", [["Eq", "c", 1]]],
    [
      "Already defined lower bound",
      "rows.by_a",
      [
        ["Gt", "a", 1],
        ["Gte", "a", 1],
      ],
    ],
    [
      "a single index field",
      "rows.by_a_and_b",
      [
        ["Gt", "a", 1],
        ["Lt", "b", 1],
      ],
    ],
  ])("refuses: %s", (message, name, range) => {
    expect(() => collect(database.beginQuery(), name, { range })).toThrow(message);
  });

  test("a nested field is indexed by its path", async () => {
    await write(database, (t) => insert(t, "rows", { n: "done", state: { kind: "done" } }));
    const range: Range = [["Eq", "state.kind", "done"]];
    expect(ns(collect(database.beginQuery(), "rows.by_kind", { range }))).toEqual(["done"]);
  });

  test("filters and limits work in their order", () => {
    const isNumber = {
      filter: {
        $or: [
          { $eq: [{ $field: "a" }, { $literal: 1 }] },
          { $eq: [{ $field: "a" }, { $literal: 2 }] },
        ],
      },
    };
    const query = database.beginQuery();
    const run = (operators: EncodedValue[]) => ns(collect(query, "rows.by_a", { operators }));
    expect(run([isNumber, { limit: 1 }])).toEqual(["1"]);
    expect(run([{ limit: 1 }, isNumber])).toEqual([]);
    expect(run([{ limit: 3 }, isNumber])).toEqual(["1"]);
    expect(run([{ limit: 0 }])).toEqual([]);
  });

  test("adding text to a number is refused with both values", () => {
    const operators = [
      { filter: { $eq: [{ $add: [{ $field: "a" }, { $literal: 1 }] }, { $literal: 2 }] } },
    ];
    const range: Range = [["Eq", "a", "x"]];
    expect(() => collect(database.beginQuery(), "rows.by_a", { range, operators })).toThrow(
      'Cannot add "x" (type string) and 1.0 (type float64)',
    );
  });
});

describe("within a mutation", () => {
  test("reads see its own writes through every index", async () => {
    const ids = await write(database, (t) => [3, 1, 2].map((a) => insert(t, "rows", { a, n: a })));
    await write(database, (t) => {
      patch(t, ids[0] ?? "", { a: 0 });
      insert(t, "rows", { a: 1.5, n: 1.5 });
      remove(t, ids[2] ?? "");
      expect(ns(collect(t, "rows.by_a"))).toEqual([3, 1, 1.5]);
      expect(ns(collect(t, "rows.by_a", { range: [["Eq", "a", 3]] }))).toEqual([]);
    });
  });

  test("a running query sees what was written since it began", async () => {
    await write(database, (t) => {
      for (let a = 0; a < 40; a += 1) insert(t, "rows", { a, n: a });
      const { queryId } = t.syscall("1.0/queryStream", { query: queryJson("rows.by_a") }) as {
        queryId: number;
      };
      const seen: EncodedValue[] = [];
      for (;;) {
        const next = t.syscall("1.0/queryStreamNext", { queryId }) as {
          value: { _id: string; n: number };
          done: boolean;
        };
        if (next.done) break;
        seen.push(next.value.n);
        // Removes the document after each one, also those already fetched ahead.
        const [, follower] = collect(t, "rows.by_a", {
          range: [["Gte", "a", next.value.n]],
          operators: [{ limit: 2 }],
        });
        if (follower !== undefined) remove(t, follower._id as string);
      }
      expect(seen).toEqual(Array.from({ length: 20 }, (_, index) => index * 2));
    });
  });

  test("a savepoint that is rolled back takes its writes, its table and nothing else with it", async () => {
    await write(database, (t) => {
      insert(t, "rows", { n: "before" });
      const outer = t.savepoint();
      insert(t, "rows", { n: "outer" });
      const inner = t.savepoint();
      insert(t, "other", { n: "inner" });
      inner.release();
      outer.rollback();
      const kept = t.savepoint();
      insert(t, "rows", { n: "after" });
      kept.release();
    });
    expect(ns(collect(database.beginQuery(), "rows"))).toEqual(["before", "after"]);
    expect(database.tableNames()).toEqual(["rows"]);
  });

  test("savepoints end in the reverse order", async () => {
    await write(database, (t) => {
      const outer = t.savepoint();
      t.savepoint();
      expect(() => outer.release()).toThrow("reverse order");
    });
  });
});

describe("limits", () => {
  test("the 32,001st document is refused", async () => {
    for (let batch = 0; batch < 3; batch += 1) {
      await write(database, (t) => {
        for (let n = 0; n < 10_667; n += 1) insert(t, "many", {});
      });
    }
    const query = database.beginQuery();
    expect(() => collect(query, "many")).toThrow(
      "Too many documents read in a single function execution (limit: 32000). Consider using smaller limits",
    );
    const metrics = query.syscall("1.0/getTransactionMetrics", {});
    expect(metrics).toMatchObject({ documentsRead: { used: 32_001, remaining: 0 } });
  });

  test("the 16,001st write is refused, and the mutation leaves nothing", async () => {
    const attempt = write(database, (t) => {
      for (let n = 0; n < 16_001; n += 1) insert(t, "many", {});
    });
    await expect(attempt).rejects.toThrow(
      "Too many writes in a single function execution (limit: 16000)",
    );
    expect(database.tableNames()).toEqual(["rows"]);
  });

  test("the 4,097th range is refused", async () => {
    const id = await write(database, (t) => insert(t, "rows", {}));
    const query = database.beginQuery();
    for (let n = 0; n < 4096; n += 1) get(query, id);
    expect(() => get(query, id)).toThrow(
      "Too many reads in a single function execution (limit: 4096).",
    );
  });
});

describe("system tables", () => {
  test("are written by the server and read through db.system", async () => {
    const id = await write(database, (t) =>
      t.system.insert("_scheduled_functions", { name: "m.js:f" }),
    );
    const query = database.beginQuery();
    expect(query.syscall("1.0/get", { id, isSystem: true })).toMatchObject({ name: "m.js:f" });
    expect(collect(query, "_scheduled_functions")).toHaveLength(1);
    expect(() => get(query, id)).toThrow("System tables can only be accessed with db.system.");
    await expect(write(database, (t) => patch(t, id, {}))).rejects.toThrow("read-only");
    expect(database.tableNames()).toEqual(["rows"]);
  });

  test("that are the server's own affair are as if not there", async () => {
    const id = await write(database, (t) => t.system.insert("_jobs", { due: 1 }));
    expect(collect(database.beginQuery(), "_jobs")).toEqual([]);
    expect(database.beginQuery().syscall("1.0/get", { id, isSystem: true })).toBeNull();
  });

  test("answer by index up to a value", async () => {
    await write(database, (t) => {
      for (const due of [3, 1, 2]) t.system.insert("_jobs", { due, state: { kind: "pending" } });
      t.system.insert("_jobs", { due: 0, state: { kind: "done" } });
    });
    const due = (upTo?: number, limit?: number) =>
      database
        .beginQuery()
        .system.query("_jobs", "by_due", {
          equal: ["pending"],
          ...(upTo === undefined ? {} : { upTo }),
          ...(limit === undefined ? {} : { limit }),
        })
        .map((job) => job.due);
    expect(due()).toEqual([1, 2, 3]);
    expect(due(2)).toEqual([1, 2]);
    expect(due(3, 1)).toEqual([1]);
  });
});
