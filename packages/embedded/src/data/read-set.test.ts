import { afterEach, beforeEach, expect, test } from "vitest";
import type { EmbeddedDatabase, SystemTransaction } from "./embedded-database.js";
import {
  collect,
  commitsOf,
  get,
  insert,
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
let ids: string[];

beforeEach(async () => {
  folder = testFolder();
  database = folder.open();
  database.setSchema(schemaOf({ rows: { indexes: { by_a: ["a"] } } }));
  ids = await write(database, (t) => [10, 20, 30].map((a) => insert(t, "rows", { a })));
});

afterEach(() => folder.remove());

/** Whether a read is touched by what a mutation then writes. */
async function isTouched(
  read: (query: SystemTransaction) => void,
  change: (mutation: SystemTransaction) => void,
): Promise<boolean> {
  const query = database.beginQuery();
  read(query);
  const commits = commitsOf(database);
  await write(database, change);
  return commits.some((commit) => query.readSet.isTouchedBy(commit));
}

const first = (query: SystemTransaction) =>
  collect(query, "rows.by_a", { operators: [{ limit: 1 }] });
const last = (query: SystemTransaction) =>
  collect(query, "rows.by_a", { order: "desc", operators: [{ limit: 1 }] });
const all = (query: SystemTransaction) => collect(query, "rows.by_a");
const from15 = (query: SystemTransaction) =>
  collect(query, "rows.by_a", {
    range: [
      ["Gte", "a", 15],
      ["Lt", "a", 25],
    ],
  });
const put = (a: number) => (t: SystemTransaction) => insert(t, "rows", { a });
const id = (index: number) => ids[index] ?? "";

test.each<[boolean, string, (q: SystemTransaction) => void, (t: SystemTransaction) => void]>([
  [true, "first() by a smaller row", first, put(5)],
  [false, "first() by a larger row", first, put(15)],
  [true, "first() by a change of its row", first, (t) => patch(t, id(0), { b: 1 })],
  [false, "first() by a change of another row", first, (t) => patch(t, id(1), { b: 1 })],
  [true, "first() by another row that moves to the front", first, (t) => patch(t, id(2), { a: 1 })],
  [true, "last() by a larger row", last, put(35)],
  [false, "last() by a smaller row", last, put(25)],
  [true, "collect() by any new row", all, put(99)],
  [true, "a range by a row in it", from15, put(16)],
  [false, "a range by a row outside", from15, put(25)],
  [true, "a range by a row that leaves it", from15, (t) => patch(t, id(1), { a: 99 })],
  [true, "a range by the removal of a row in it", from15, (t) => remove(t, id(1))],
  [true, "get() by a change of the row", (q) => get(q, id(0)), (t) => patch(t, id(0), { b: 1 })],
  [
    false,
    "get() by a change of another row",
    (q) => get(q, id(0)),
    (t) => patch(t, id(1), { b: 1 }),
  ],
  [false, "take(0) by any row", (q) => collect(q, "rows", { operators: [{ limit: 0 }] }), put(1)],
  [
    true,
    "a scan of a table that is not there by its first row",
    (q) => collect(q, "later"),
    (t) => insert(t, "later", {}),
  ],
  [true, "count() by a new row", (q) => q.syscall("1.0/count", { table: "rows" }), put(1)],
  [false, "any read by a row of another table", all, (t) => insert(t, "other", { a: 1 })],
  [
    true,
    "a filtered query by a row that the filter would drop",
    (q) => collect(q, "rows", { operators: [{ filter: { $literal: false } }] }),
    put(1),
  ],
  [
    true,
    "a system query by a system row",
    (q) => q.system.query("_jobs", "by_due"),
    (t) => t.system.insert("_jobs", {}),
  ],
])("%s: touched is %s", async (expected, _title, read, change) => {
  expect(await isTouched(read, change)).toBe(expected);
});

test("a missing document is read, too", async () => {
  await write(database, (t) => remove(t, id(0)));
  const query = database.beginQuery();
  expect(get(query, id(0))).toBeNull();
  // Nothing inserts an id again, so the commit is made by hand.
  const document = { _id: id(0), _creationTime: 1 };
  const commit = { ts: 1n, writes: [{ tableName: "rows", before: null, after: document }] };
  expect(query.readSet.isTouchedBy(commit)).toBe(true);
});

test("a page reads up to its end, and no further", async () => {
  const page = (query: SystemTransaction) =>
    query.syscall("1.0/queryPage", { query: queryJson("rows.by_a"), cursor: null, pageSize: 2 });
  expect(await isTouched(page, put(15))).toBe(true);
  expect(await isTouched(page, put(25))).toBe(false);
});

test("what was inserted and removed again touches nobody", async () => {
  const churn = (t: SystemTransaction) => remove(t, insert(t, "rows", { a: 1 }));
  expect(await isTouched(all, churn)).toBe(false);
});

test("a read set names its tables, also those that are not there", () => {
  const query = database.beginQuery();
  collect(query, "later");
  get(query, id(0));
  expect([...query.readSet.tableNames].sort()).toEqual(["later", "rows"]);
});
