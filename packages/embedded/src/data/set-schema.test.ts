import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { EmbeddedDatabase } from "./embedded-database.js";
import {
  collect,
  insert,
  ns,
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
});

afterEach(() => folder.remove());

function exported(schema: ReturnType<typeof defineSchema>): unknown {
  const { export: exportSchema } = schema as unknown as { export(): string };
  return JSON.parse(exportSchema.call(schema));
}

const messages = exported(
  defineSchema({
    users: defineTable({ name: v.string() }),
    messages: defineTable({ author: v.id("users"), n: v.number() }).index("by_n", ["n"]),
  }),
);

test("a schema makes its tables and indexes, filled with the rows that are there", async () => {
  await write(database, (t) => {
    const author = insert(t, "users", { name: "a" });
    for (const n of [2, 3, 1]) insert(t, "messages", { author, n });
  });
  expect(database.setSchema(messages)).toBeNull();
  expect(database.tableNames()).toEqual(["messages", "users"]);
  expect(ns(collect(database.beginQuery(), "messages.by_n"))).toEqual([1, 2, 3]);
});

test("a row that does not fit is named with its reason, and nothing changes", async () => {
  const id = await write(database, (t) => insert(t, "messages", { n: 1 }));
  const creationTime = collect(database.beginQuery(), "messages")[0]?._creationTime;
  expect(database.setSchema(messages)).toEqual({
    tableName: "messages",
    message: [
      `Document with ID "${id}" in table "messages" does not match the schema: Object is missing the required field \`author\`. Consider wrapping the field validator in \`v.optional(...)\` if this is expected.`,
      "",
      `Object: {_creationTime: ${Number.isInteger(creationTime) ? `${creationTime}.0` : creationTime}, _id: "${id}", n: 1.0}`,
      'Validator: v.object({_creationTime: v.float64(), _id: v.id("messages"), author: v.id("users"), n: v.float64()})',
    ].join("\n"),
  });
  expect(database.tableNames()).toEqual(["messages"]);
  expect(() => collect(database.beginQuery(), "messages.by_n")).toThrow("not found");
  await write(database, (t) => insert(t, "messages", { anything: true }));
});

test("writes are checked from then on, also after a restart", async () => {
  database.setSchema(messages);
  const attempt = () => write(database, (t) => insert(t, "users", { name: 1 }));
  const refusal =
    'Failed to insert or update a document in table "users" because it does not match the schema: Value does not match validator.\nPath: .name\nValue: 1.0\nValidator: v.string()';
  await expect(attempt()).rejects.toThrow(refusal);
  await database.close();
  database = folder.open();
  await expect(attempt()).rejects.toThrow(refusal);
});

test("an id of another table is refused", async () => {
  database.setSchema(messages);
  const attempt = write(database, (t) => {
    const author = insert(t, "users", { name: "a" });
    const message = insert(t, "messages", { author, n: 1 });
    insert(t, "messages", { author: message, n: 2 });
  });
  await expect(attempt).rejects.toThrow("from table `messages`, which does not match");
});

test("schemaValidation: false leaves documents alone and still makes indexes", async () => {
  const schema = defineSchema(
    { rows: defineTable({ n: v.number() }).index("by_n", ["n"]) },
    { schemaValidation: false },
  );
  await write(database, (t) => insert(t, "rows", { n: "text" }));
  expect(database.setSchema(exported(schema))).toBeNull();
  await write(database, (t) => insert(t, "rows", { n: null }));
  expect(ns(collect(database.beginQuery(), "rows.by_n"))).toEqual([null, "text"]);
});

test("an index that changed is built anew, and one that is gone is gone", async () => {
  await write(database, (t) => {
    insert(t, "rows", { a: 1, n: 2 });
    insert(t, "rows", { a: 2, n: 1 });
  });
  const use = (indexes: { [name: string]: string[] }) =>
    expect(database.setSchema(schemaOf({ rows: { indexes } }))).toBeNull();
  use({ by_x: ["a"], by_gone: ["n"] });
  expect(ns(collect(database.beginQuery(), "rows.by_x"))).toEqual([2, 1]);
  use({ by_x: ["n"] });
  expect(ns(collect(database.beginQuery(), "rows.by_x"))).toEqual([1, 2]);
  expect(() => collect(database.beginQuery(), "rows.by_gone")).toThrow("rows.by_gone not found");
  expect(database.setSchema(null)).toBeNull();
  expect(() => collect(database.beginQuery(), "rows.by_x")).toThrow("rows.by_x not found");
  expect(collect(database.beginQuery(), "rows")).toHaveLength(2);
});

test("a query under way is overtaken by a new schema, and not by the same one again", () => {
  const schema = schemaOf({ rows: { indexes: { by_n: ["n"] } } });
  const before = database.beginQuery();
  database.setSchema(schema);
  expect(before.isOvertaken()).toBe(true);
  const after = database.beginQuery();
  database.setSchema(schema);
  expect(after.isOvertaken()).toBe(false);
});

test("table numbers stay over restarts", async () => {
  const id = await write(database, (t) => insert(t, "first", { n: 1 }));
  await database.close();
  database = folder.open();
  expect(database.setSchema(schemaOf({ second: {} }))).toBeNull();
  expect(database.tableOfId(id)).toBe("first");
});

test.each([
  [{ "bad-name": {} }, "Table names must be identifiers"],
  [{ rows: { indexes: { by_id: ["a"] } } }, "is reserved or not an identifier"],
  [{ rows: { indexes: { by_none: [] } } }, "has no fields"],
  [{ rows: { indexes: { by_a: ["a", "a"] } } }, "names a field twice"],
  [{ rows: { indexes: { by_a: ["a", "_creationTime"] } } }, "ends every index anyway"],
])("%j is refused", (tables, message) => {
  expect(database.setSchema(schemaOf(tables))?.message).toContain(message);
});
