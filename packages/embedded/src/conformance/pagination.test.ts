/** Pages, from the HTTP client, by raw frames, and as the React client keeps them. */
import { ConvexReactClient } from "convex/react";
import { makeFunctionReference } from "convex/server";
import { ConvexError } from "convex/values";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { addQueries, connectRaw } from "../../bench/support/raw-client.js";
import { startTestApp, type TestApp } from "./test-app.js";

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp({
    "schema.ts": `export default defineSchema({ rows: defineTable({ list: v.string(), n: v.number() }).index("by_list", ["list", "n"]) });`,
    "pages.ts": `
    export const add = mutation({ handler: async ({ db }, { list, ns }) => { for (const n of ns) await db.insert("rows", { list, n }); } });
    export const remove = mutation({ handler: async ({ db }, { list, n }) => {
      const row = await db.query("rows").withIndex("by_list", (q) => q.eq("list", list).eq("n", n)).first();
      if (row !== null) await db.delete(row._id);
    } });
    const asked = (db, { list, order, even }) => {
      const all = db.query("rows").withIndex("by_list", (q) => q.eq("list", list)).order(order ?? "asc");
      return even ? all.filter((q) => q.eq(q.mod(q.field("n"), 2), 0)) : all;
    };
    export const page = query({ handler: async ({ db }, { paginationOpts, ...rest }) => {
      const result = await asked(db, rest).paginate(paginationOpts);
      return { ...result, page: result.page.map(({ n }) => n) };
    } });
    export const all = query({ handler: async ({ db }, args) => (await asked(db, args).collect()).map(({ n }) => n) });
    export const twice = query({ handler: async ({ db }) => {
      const first = await db.query("rows").paginate({ numItems: 1, cursor: null });
      await db.query("rows").paginate({ numItems: 1, cursor: first.continueCursor });
    } });
    export const inMutation = mutation({ handler: async ({ db }, { list }) => (await asked(db, { list }).paginate({ numItems: 2, cursor: null })).page.length });`,
  });
});
afterAll(() => app.dispose());

interface Page {
  readonly page: readonly number[];
  readonly isDone: boolean;
  readonly continueCursor: string;
  readonly splitCursor?: string | null;
  readonly pageStatus?: string | null;
}
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);

function getPage(
  list: string,
  options: { cursor?: string | null; numItems?: number; [more: string]: unknown } = {},
  more: object = {},
): Promise<Page> {
  const { cursor = null, numItems = 3, ...rest } = options;
  const args = { list, paginationOpts: { cursor, numItems, ...rest }, ...more };
  return app.query("pages:page", args) as Promise<Page>;
}

async function readAll(list: string, more: object = {}): Promise<number[][]> {
  const pages: number[][] = [];
  let cursor: string | null = null;
  for (let isDone = false; !isDone; ) {
    const page: Page = await getPage(list, { cursor }, more);
    pages.push([...page.page]);
    ({ isDone, continueCursor: cursor } = page);
  }
  return pages;
}

describe("pages one after the other", () => {
  it.each([
    ["forwards", {}, [[0, 1, 2], [3, 4, 5], [6]]],
    ["backwards", { order: "desc" }, [[6, 5, 4], [3, 2, 1], [0]]],
    ["filtered", { even: true }, [[0, 2, 4], [6]]],
  ])("%s hold every row once", async (name, more, expected) => {
    await app.mutation("pages:add", { list: name, ns: upTo(7) });
    const pages = await readAll(name, more);
    expect(pages.filter((page) => page.length > 0)).toEqual(expected);
  });

  it("of nothing is one empty page that is done", async () => {
    const page = await getPage("empty");
    expect(page).toMatchObject({ page: [], isDone: true, continueCursor: expect.any(String) });
    expect(await getPage("empty", { cursor: page.continueCursor })).toMatchObject({
      page: [],
      isDone: true,
    });
  });

  it("up to endCursor, whatever the page's size", async () => {
    await app.mutation("pages:add", { list: "fixed", ns: [0, 10, 20, 30] });
    const { continueCursor } = await getPage("fixed", { numItems: 2 });
    await app.mutation("pages:add", { list: "fixed", ns: [1, 2, 3, 15] });
    const again = await getPage("fixed", { numItems: 2, endCursor: continueCursor });
    expect(again.page).toEqual([0, 1, 2, 3, 10]);
    expect(again.continueCursor).toBe(continueCursor);
    expect((await getPage("fixed", { cursor: continueCursor })).page).toEqual([15, 20, 30]);
  });

  it("a mutation may read a page", async () => {
    await app.mutation("pages:add", { list: "mutation", ns: [1, 2, 3] });
    expect(await app.mutation("pages:inMutation", { list: "mutation" })).toBe(2);
  });
});

describe("pages are refused", () => {
  it.each([
    [0, /^Uncaught Error: Must request at least 1 document while paginating/],
    [32_001, /^Uncaught Error: Requested too many items: 32001/],
  ])("of %d items", async (numItems, text) => {
    const args = { list: "x", paginationOpts: { cursor: null, numItems } };
    expect(await app.errorOf("query", "pages:page", args)).toMatch(text);
  });

  it("twice in one function", async () => {
    expect(await app.errorOf("query", "pages:twice")).toMatch(
      /^Uncaught Error: This query or mutation function ran multiple paginated queries\. Convex only supports a single paginated query in each function\./,
    );
  });

  it("from a cursor of another query, in a way that the React hook starts over", async () => {
    await app.mutation("pages:add", { list: "one", ns: [1, 2, 3, 4] });
    const { continueCursor } = await getPage("one");
    for (const cursor of [continueCursor, "nonsense"]) {
      const error = await getPage("other", { cursor }).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(ConvexError);
      expect((error as ConvexError<{ readonly paginationError: string }>).data).toMatchObject({
        isConvexSystemError: true,
        paginationError: "InvalidCursor",
      });
      expect(String(error)).toContain("InvalidCursor");
    }
  });
});

describe("journals", () => {
  it("a page asked again with its journal, as after a reconnect, ends where it ended", async () => {
    await app.mutation("pages:add", { list: "journal", ns: [0, 10, 20, 30] });
    const args = { list: "journal", paginationOpts: { cursor: null, numItems: 2, id: 1 } };
    const query = { queryId: 0, udfPath: "pages:page", args };
    const read = async (journal: string | null) => {
      const client = await connectRaw(app.url);
      client.send(addQueries(0, [{ ...query, journal }]));
      const { modifications } = await client.nextOf("Transition");
      client.close();
      const [update] = modifications as { value: Page; journal: string }[];
      if (update === undefined) throw new Error("No update");
      return update;
    };
    const first = await read(null);
    expect(first.journal).toEqual(expect.any(String));
    await app.mutation("pages:add", { list: "journal", ns: [1, 2, 3] });
    const second = await read(first.journal);
    expect(second.value.page).toEqual([0, 1, 2, 3, 10]);
    expect(second.value.continueCursor).toBe(first.value.continueCursor);
    expect((await read(null)).value.page).toEqual([0, 1]);
  });

  it("a query without pages has none", async () => {
    const client = await connectRaw(app.url);
    client.send(addQueries(0, [{ queryId: 0, udfPath: "pages:all", args: { list: "x" } }]));
    expect(await client.nextOf("Transition")).toMatchObject({
      modifications: [{ type: "QueryUpdated", journal: null }],
    });
    client.close();
  });
});

/** A small generator of numbers, the same for the same seed. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

describe("open pages", () => {
  const SEEDS = [1, 20_261_120];
  it.each(SEEDS)("stay gapless under 120 inserts and deletes (seed %d)", async (seed) => {
    const list = `open-${seed}`;
    const pick = random(seed);
    await app.mutation("pages:add", { list, ns: upTo(40).map((n) => n * 10) });
    const client = new ConvexReactClient(app.url, {
      logger: false,
      webSocketConstructor: WebSocket as unknown as typeof globalThis.WebSocket,
    });
    const pageOf = makeFunctionReference<"query">("pages:page");
    const allOf = makeFunctionReference<"query">("pages:all");
    const watches: { localQueryResult(): unknown }[] = [];
    let cursor: string | null = null;
    for (let isDone = false; !isDone; ) {
      const paginationOpts = { cursor, numItems: 7, id: seed };
      const watch = client.watchQuery(pageOf, { list, paginationOpts });
      await new Promise<void>((resolve) => {
        watch.onUpdate(resolve);
      });
      watches.push(watch);
      ({ isDone, continueCursor: cursor } = watch.localQueryResult() as Page);
    }
    const whole = client.watchQuery(allOf, { list });
    await new Promise<void>((resolve) => {
      whole.onUpdate(resolve);
    });
    const add = makeFunctionReference<"mutation">("pages:add");
    const remove = makeFunctionReference<"mutation">("pages:remove");
    for (let round = 0; round < 30; round += 1) {
      await Promise.all(
        upTo(4).map(() =>
          pick(2) === 0
            ? client.mutation(add, { list, ns: [pick(500)] })
            : client.mutation(remove, { list, n: pick(40) * 10 }),
        ),
      );
      const pages = watches.map((watch) => watch.localQueryResult() as Page);
      expect(pages.flatMap(({ page }) => page)).toEqual(whole.localQueryResult());
    }
    expect(watches.length).toBeGreaterThan(4);
    await client.close();
  });
});
