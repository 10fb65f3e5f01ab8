import Sqlite from "libsql";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { EmbeddedDatabase } from "./embedded-database.js";
import {
  collect,
  commitsOf,
  get,
  insert,
  ns,
  patch,
  result,
  schemaOf,
  type TestFolder,
  testFolder,
  write,
} from "./test-database.js";

const DAY_MS = 24 * 3600 * 1000;

let folder: TestFolder;
let database: EmbeddedDatabase;
let nowMs: number;

beforeEach(() => {
  nowMs = Date.UTC(2026, 10, 20);
  folder = testFolder();
  database = folder.open(() => nowMs);
});

afterEach(() => folder.remove());

/** A promise and what settles it. */
function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}

/** Lets the event loop turn, as a mutation that awaits something else than the database does. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

test("a mutation that fails leaves nothing, and its neighbours in the batch stay", async () => {
  const outcomes = await Promise.allSettled([
    write(database, (t) => insert(t, "rows", { n: 1 })),
    write(database, (t) => {
      insert(t, "rows", { n: 2 });
      insert(t, "others", { n: 2 });
      throw new Error("changed its mind");
    }),
    write(database, (t) => insert(t, "rows", { n: 3 })),
  ]);
  expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect(ns(collect(database.beginQuery(), "rows"))).toEqual([1, 3]);
  expect(database.tableNames()).toEqual(["rows"]);
});

test("mutations run one after another, also when they wait in the middle", async () => {
  const id = await write(database, (t) => insert(t, "counters", { n: 0 }));
  const increment = () =>
    database.mutate({}, async (t) => {
      const n = get(t, id)?.n as number;
      await turn();
      patch(t, id, { n: n + 1 });
      return result(null);
    });
  await Promise.all(Array.from({ length: 20 }, increment));
  expect(get(database.beginQuery(), id)?.n).toBe(20);
});

test("a query sees nothing of a mutation before its commit is durable, and all after", async () => {
  const waiting = gate();
  const goOn = gate();
  const first = write(database, (t) => insert(t, "rows", { n: 1 }));
  const second = database.mutate({}, async (t) => {
    insert(t, "rows", { n: 2 });
    waiting.open();
    await goOn.opened;
    return result(null);
  });
  await waiting.opened;
  const query = database.beginQuery();
  expect(collect(query, "rows")).toEqual([]);
  expect(query.isOvertaken()).toBe(false);
  goOn.open();
  await Promise.all([first, second]);
  expect(query.isOvertaken()).toBe(true);
  expect(ns(collect(database.beginQuery(), "rows"))).toEqual([1, 2]);
});

test("commits are announced in order, before their mutations resolve, with rows before and after", async () => {
  const events: string[] = [];
  database.onCommit(({ ts, writes }) => {
    events.push(`commit of ${writes.map(({ after }) => after?.n)}`);
    expect(ts).toBeLessThanOrEqual(database.latestTs);
  });
  const add = async (n: number) => {
    await write(database, (t) => insert(t, "rows", { n }));
    events.push(`${n} resolved`);
  };
  await Promise.all([add(1), add(2)]);
  expect(events).toEqual(["commit of 1", "commit of 2", "1 resolved", "2 resolved"]);
});

test("a document that was written twice is announced once", async () => {
  const id = await write(database, (t) => insert(t, "rows", { n: 0 }));
  const commits = commitsOf(database);
  await write(database, (t) => {
    patch(t, id, { n: 1 });
    patch(t, id, { n: 2 });
  });
  expect(commits).toMatchObject([
    { writes: [{ tableName: "rows", before: { n: 0 }, after: { n: 2 } }] },
  ]);
});

test("a listener that stopped hears nothing more", async () => {
  const heard: number[] = [];
  const stop = database.onCommit(() => heard.push(1));
  await write(database, (t) => insert(t, "rows", {}));
  stop();
  await write(database, (t) => insert(t, "rows", {}));
  expect(heard).toEqual([1]);
});

test("timestamps increase over restarts and when the clock steps back", async () => {
  const ts = async (of: EmbeddedDatabase) =>
    (await of.mutate({}, async (t) => result(insert(t, "rows", {})))).ts;
  const first = await ts(database);
  const second = await ts(database);
  expect(second).toBeGreaterThan(first);
  await database.close();
  nowMs -= 10 * DAY_MS;
  database = folder.open(() => nowMs);
  expect(database.latestTs).toBe(second);
  const third = await ts(database);
  expect(third).toBeGreaterThan(second);
  const times = collect(database.beginQuery(), "rows").map((row) => row._creationTime as number);
  expect(times).toEqual([...times].sort((left, right) => left - right));
  expect(new Set(times).size).toBe(3);
});

test("a mutation without effect has the ts of what it saw, and is not announced", async () => {
  const commits = commitsOf(database);
  const before = database.latestTs;
  const { ts } = await database.mutate({}, async () => result(null));
  expect([ts, database.latestTs, commits.length]).toEqual([before, before, 0]);
});

describe("requests", () => {
  const session = (requestId: number) => ({ session: { sessionId: "s", requestId } });
  const never = () => Promise.reject(new Error("ran twice"));

  test("a repeat gets the same answer and ts without running, also after a restart", async () => {
    const answer = await database.mutate(session(1), async (t) => {
      insert(t, "rows", {});
      return { value: '"done"', logLines: ["[LOG] 'x'"] };
    });
    expect(answer.isRepeat).toBe(false);
    const repeat = { ...answer, isRepeat: true };
    expect(await database.mutate(session(1), never)).toEqual(repeat);
    await database.close();
    database = folder.open(() => nowMs);
    expect(await database.mutate(session(1), never)).toEqual(repeat);
    expect(collect(database.beginQuery(), "rows")).toHaveLength(1);
  });

  test("a repeat in the same batch runs once", async () => {
    const run = async () => result(1);
    const answers = await Promise.all([
      database.mutate(session(1), run),
      database.mutate(session(1), never),
    ]);
    expect(answers.map(({ isRepeat }) => isRepeat)).toEqual([false, true]);
  });

  test("a failure is not remembered", async () => {
    await expect(database.mutate(session(1), never)).rejects.toThrow("ran twice");
    expect((await database.mutate(session(1), async () => result(1))).isRepeat).toBe(false);
  });

  test("the same number in another session is another request", async () => {
    await database.mutate(session(1), async () => result(1));
    const other = { session: { sessionId: "t", requestId: 1 } };
    expect((await database.mutate(other, async () => result(2))).value).toBe("2");
  });

  test("answers are kept for two weeks", async () => {
    await database.mutate(session(1), async () => result(1));
    const isKept = async (requestId: number) => {
      await write(database, (t) => insert(t, "rows", {}));
      return (await database.mutate(session(requestId), async () => result(2))).isRepeat;
    };
    nowMs += 13 * DAY_MS;
    expect(await isKept(1)).toBe(true);
    nowMs += 2 * DAY_MS;
    expect(await isKept(1)).toBe(false);
  });
});

describe("a change of schema while a mutation waits", () => {
  test("happens at once, and the mutation runs again under the new schema", async () => {
    const waiting = gate();
    const goOn = gate();
    let runs = 0;
    const earlier = write(database, (t) => insert(t, "rows", { n: "earlier" }));
    const running = database.mutate({}, async (t) => {
      runs += 1;
      insert(t, "rows", { n: runs });
      const nested = t.savepoint();
      waiting.open();
      await goOn.opened;
      insert(t, "rows", { n: runs });
      nested.release();
      return result(runs);
    });
    await waiting.opened;
    expect(database.setSchema(schemaOf({ rows: { indexes: { by_n: ["n"] } } }))).toBeNull();
    await earlier;
    expect(ns(collect(database.beginQuery(), "rows"))).toEqual(["earlier"]);
    goOn.open();
    expect((await running).value).toBe("2");
    expect(ns(collect(database.beginQuery(), "rows.by_n"))).toEqual([2, 2, "earlier"]);
  });
});

test("a mutation that is overtaken by a change of schema may go on to nested ones", async () => {
  const waiting = gate();
  const goOn = gate();
  let runs = 0;
  const running = database.mutate({}, async (t) => {
    runs += 1;
    waiting.open();
    await goOn.opened;
    const nested = t.savepoint();
    insert(t, "rows", { n: runs });
    nested.release();
    return result(runs);
  });
  await waiting.opened;
  expect(database.setSchema(schemaOf({ rows: {} }))).toBeNull();
  goOn.open();
  expect((await running).value).toBe("2");
  expect(ns(collect(database.beginQuery(), "rows"))).toEqual([2]);
});

test("when a mutation breaks by a fault of the file, those of its session do not overtake it", async () => {
  const ran: string[] = [];
  const call = (sessionId: string, requestId: number) =>
    database.mutate({ session: { sessionId, requestId } }, async (t) => {
      ran.push(`${sessionId}${requestId}`);
      insert(t, "rows", {});
      return result(null);
    });
  const shell = new Sqlite(folder.path);
  shell.exec("BEGIN IMMEDIATE");
  const first = call("a", 1).finally(() => shell.close());
  const outcomes = await Promise.allSettled([first, call("a", 2), call("b", 1)]);
  expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected", "fulfilled"]);
  await Promise.all([call("a", 1), call("a", 2)]);
  expect(ran).toEqual(["b1", "a1", "a2"]);
}, 15_000);

test("close waits for queued mutations and takes no more", async () => {
  const queued = write(database, (t) => insert(t, "rows", { n: 1 }));
  const closed = database.close();
  await expect(write(database, () => {})).rejects.toThrow("the database is closed");
  await Promise.all([queued, closed]);
  database = folder.open(() => nowMs);
  expect(ns(collect(database.beginQuery(), "rows"))).toEqual([1]);
});
