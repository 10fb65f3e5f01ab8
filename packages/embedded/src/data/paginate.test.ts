import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { EncodedValue } from "../contract.js";
import type { EmbeddedDatabase } from "./embedded-database.js";
import {
  insert,
  ns,
  type QueryShape,
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
  database.setSchema(schemaOf({ rows: { indexes: { by_n: ["n"] } } }));
});

afterEach(() => folder.remove());

interface Page {
  page: { n: number; _id: string }[];
  isDone: boolean;
  continueCursor: string;
  splitCursor: string | null;
  pageStatus: string | null;
}

function readPage(
  options: { [name: string]: EncodedValue },
  shape?: QueryShape,
  journal: string | null = null,
): Page & { journal: string | null } {
  const query = database.beginQuery({ journal });
  const args = { cursor: null, endCursor: null, pageSize: 10, ...options };
  const page = query.syscall("1.0/queryPage", { query: queryJson("rows.by_n", shape), ...args });
  return { ...(page as unknown as Page), journal: query.journal };
}

function fill(count: number): Promise<string[]> {
  return write(database, (t) =>
    Array.from({ length: count }, (_, n) => insert(t, "rows", { n: n * 10 })),
  );
}

test("pages follow one another to the end", async () => {
  await fill(5);
  const first = readPage({ pageSize: 3 });
  expect([ns(first.page), first.isDone, first.pageStatus]).toEqual([[0, 10, 20], false, null]);
  const second = readPage({ pageSize: 3, cursor: first.continueCursor });
  expect([ns(second.page), second.isDone]).toEqual([[30, 40], true]);
  const third = readPage({ pageSize: 3, cursor: second.continueCursor });
  expect([ns(third.page), third.isDone]).toEqual([[], true]);
});

test("a rerun with the journal keeps the page's end while rows come and go", async () => {
  await fill(6);
  const first = readPage({ pageSize: 3 });
  const second = readPage({ pageSize: 3, cursor: first.continueCursor });
  await write(database, (t) => {
    for (const n of [5, 15, 25, 55]) insert(t, "rows", { n });
    remove(t, first.page[2]?._id ?? "");
  });
  const firstAgain = readPage({ pageSize: 3 }, {}, first.journal);
  const secondAgain = readPage({ pageSize: 3, cursor: first.continueCursor }, {}, second.journal);
  expect(ns(firstAgain.page)).toEqual([0, 5, 10, 15]);
  expect(ns(secondAgain.page)).toEqual([25, 30, 40, 50]);
  expect(firstAgain.continueCursor).toBe(first.continueCursor);
});

test("the last page takes in what is added after it", async () => {
  await fill(2);
  const last = readPage({ pageSize: 3 });
  expect(last.isDone).toBe(true);
  await write(database, (t) => insert(t, "rows", { n: 99 }));
  expect(ns(readPage({ pageSize: 3 }, {}, last.journal).page)).toEqual([0, 10, 99]);
});

test("pages with journals always cover all rows once, in order", async () => {
  const plan = fc.record({
    sizes: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }),
    added: fc.array(fc.integer({ min: -5, max: 65 }), { maxLength: 8 }),
    removed: fc.array(fc.nat(6), { maxLength: 4 }),
    order: fc.constantFrom("asc" as const, "desc" as const),
  });
  await fc.assert(
    fc.asyncProperty(plan, async ({ sizes, added, removed, order }) => {
      const ids = await fill(7);
      const pages: { cursor: string | null; journal: string | null }[] = [];
      let cursor: string | null = null;
      for (const pageSize of sizes) {
        const { continueCursor, journal } = readPage({ pageSize, cursor }, { order });
        pages.push({ cursor, journal });
        cursor = continueCursor;
      }
      pages.push({ cursor, journal: null });
      const extra = await write(database, (t) => {
        for (const index of new Set(removed)) remove(t, ids[index] ?? "");
        return added.map((n) => insert(t, "rows", { n }));
      });
      const paged = pages.flatMap(({ cursor: start, journal }) =>
        readPage({ cursor: start, pageSize: 1000 }, { order }, journal).page.map(({ _id }) => _id),
      );
      const whole = readPage({ pageSize: 1000 }, { order }).page.map(({ _id }) => _id);
      expect(paged).toEqual(whole);
      const kept = ids.filter((_, index) => !removed.includes(index));
      await write(database, (t) => {
        for (const id of [...kept, ...extra]) remove(t, id);
      });
    }),
    { numRuns: 40 },
  );
});

test("a page is split in its middle", async () => {
  await fill(6);
  const whole = readPage({ pageSize: 6 });
  const left = readPage({ endCursor: whole.splitCursor });
  const right = readPage({ cursor: whole.splitCursor, endCursor: whole.continueCursor });
  expect([ns(left.page), ns(right.page)]).toEqual([
    [0, 10, 20],
    [30, 40, 50],
  ]);
});

test("a page of many rows is recommended for a split", async () => {
  await fill(6145);
  expect(readPage({ pageSize: 6144 }).pageStatus).toBeNull();
  expect(readPage({ pageSize: 6145 }).pageStatus).toBe("SplitRecommended");
});

test("a page that would read too many bytes ends before, and goes on in the next", async () => {
  const text = "x".repeat(1_000_000);
  for (const part of [0, 10]) {
    await write(database, (t) => {
      for (let n = part; n < part + 10; n += 1) insert(t, "rows", { n, text });
    });
  }
  const first = readPage({ pageSize: 20 });
  expect([first.page.length, first.isDone, first.pageStatus]).toEqual([
    16,
    false,
    "SplitRecommended",
  ]);
  expect(ns(readPage({ cursor: first.continueCursor }).page)).toEqual([16, 17, 18, 19]);
});

test("a page that may not read to its fixed end has to be split", async () => {
  await fill(6);
  const whole = readPage({ pageSize: 6 });
  const cut = readPage({ endCursor: whole.continueCursor, maximumRowsRead: 4 });
  expect(cut).toMatchObject({
    pageStatus: "SplitRequired",
    continueCursor: whole.continueCursor,
  });
  expect(ns(readPage({ endCursor: cut.splitCursor }).page)).toEqual([0, 10]);
});

test("maximumRowsRead ends a page early, counting rows that a filter drops", async () => {
  await fill(6);
  const operators = [{ filter: { $gt: [{ $field: "n" }, { $literal: 25 }] } }];
  const page = readPage({ pageSize: 2, maximumRowsRead: 4 }, { operators });
  expect([ns(page.page), page.isDone, page.pageStatus]).toEqual([[30], false, null]);
  const next = readPage({ pageSize: 2, cursor: page.continueCursor }, { operators });
  expect(ns(next.page)).toEqual([40, 50]);
});

test("maximumBytesRead ends a page early, after at least one row", async () => {
  await fill(3);
  expect(ns(readPage({ maximumBytesRead: 1 }).page)).toEqual([0]);
});

test("a cursor of another query is refused in the way that clients start over at", async () => {
  await fill(3);
  const { continueCursor } = readPage({ pageSize: 1 });
  const attempt = () => readPage({ cursor: continueCursor }, { order: "desc" });
  expect(attempt).toThrow("InvalidCursor: Tried to run a query starting from a cursor");
  expect(attempt).toThrow(
    expect.objectContaining({
      data: { isConvexSystemError: true, paginationError: "InvalidCursor" },
    }),
  );
  expect(() => readPage({ cursor: "nonsense" })).toThrow("InvalidCursor");
});

test.each([
  [0, "Must request at least 1 document while paginating"],
  [32_001, "Requested too many items: 32001"],
])("pages of %i are refused", (pageSize, message) => {
  expect(() => readPage({ pageSize })).toThrow(message);
});

test("a function paginates once", () => {
  const query = database.beginQuery();
  const page = () =>
    query.syscall("1.0/queryPage", { query: queryJson("rows"), cursor: null, pageSize: 1 });
  page();
  expect(page).toThrow("ran multiple paginated queries");
});
