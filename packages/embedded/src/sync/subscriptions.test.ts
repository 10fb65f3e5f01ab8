import { describe, expect, it } from "vitest";
import type { Commit, QueryOutcome } from "../contract.js";
import { Subscriptions, type WatchedQuery } from "./subscriptions.js";

const NO_ONE = { kind: "none" } as const;

interface Rig {
  readonly subscriptions: Subscriptions<string>;
  /** Runs that have started and not ended, in order. */
  readonly runs: { query: WatchedQuery; journal: string | null; end(change?: object): void }[];
  readonly settled: string[];
  clockMs: number;
}

function createRig(): Rig {
  const rig: Rig = {
    runs: [],
    settled: [],
    clockMs: 0,
    subscriptions: new Subscriptions<string>({
      ts: 1n,
      now: () => rig.clockMs,
      run: (query, journal) =>
        new Promise((resolve) => {
          const startedAt = rig.subscriptions.ts;
          rig.runs.push({
            query,
            journal,
            end: (change = {}) => resolve({ ...outcomeOf("items", startedAt), ...change }),
          });
        }),
      onSettled: ({ query, result }, isChanged) =>
        rig.settled.push(`${query.path} ${isChanged ? result?.tail.slice(1, 10) : "unchanged"}`),
      onFailure: ({ query }) => rig.settled.push(`${query.path} failed`),
    }),
  };
  return rig;
}

function outcomeOf(table: string, ts: bigint): QueryOutcome {
  return {
    ok: true,
    value: "1",
    logLines: [],
    journal: null,
    ts,
    usedIdentity: false,
    usedClock: false,
    readSet: {
      tableNames: new Set([table]),
      isTouchedBy: (commit) => commit.writes.some((write) => write.tableName === table),
    },
  };
}

function commitOf(ts: bigint, tableName = "items"): Commit {
  return { ts, writes: [{ tableName, before: null, after: {} }] };
}

function query(path: string, change: Partial<WatchedQuery> = {}): WatchedQuery {
  return { path, args: [{}], identity: NO_ONE, journal: null, ...change };
}

/** Lets everything that is ready run. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe("Subscriptions", () => {
  it("runs a query once for all who ask the same", async () => {
    const rig = createRig();
    rig.subscriptions.watch(query("a"), "first", 0);
    rig.subscriptions.watch(query("a"), "second", 7);
    await turn();
    rig.runs[0]?.end();
    await turn();
    rig.subscriptions.watch(query("a"), "third", 1);
    await turn();
    expect(rig.runs).toHaveLength(1);
    expect(rig.settled).toEqual(['a "value":1']);
  });

  it.each([
    ["other arguments", query("a", { args: [{ x: 1 }] })],
    ["another journal", query("a", { journal: "j" })],
    ["another caller", query("a", { identity: { kind: "admin" } })],
  ])("keeps %s apart", async (_name, other) => {
    const rig = createRig();
    rig.subscriptions.watch(query("a"), "first", 0);
    rig.subscriptions.watch(other, "second", 0);
    await turn();
    expect(rig.runs).toHaveLength(2);
  });

  it("runs again only what a commit touched, once for several commits of one turn", async () => {
    const rig = createRig();
    rig.subscriptions.watch(query("a"), "owner", 0);
    rig.subscriptions.watch(query("b"), "owner", 1);
    await turn();
    rig.runs[0]?.end();
    rig.runs[1]?.end({ ...outcomeOf("other", 1n) });
    await turn();
    rig.subscriptions.commit(commitOf(2n));
    rig.subscriptions.commit(commitOf(3n));
    await turn();
    expect(rig.runs.map((run) => run.query.path)).toEqual(["a", "b", "a"]);
  });

  it("says when a rerun gave the same answer", async () => {
    const rig = createRig();
    rig.subscriptions.watch(query("a"), "owner", 0);
    await turn();
    rig.runs[0]?.end();
    await turn();
    rig.subscriptions.commit(commitOf(2n));
    await turn();
    rig.runs[1]?.end();
    await turn();
    expect(rig.settled[1]).toBe("a unchanged");
  });

  it("an error with another request id is the same answer", async () => {
    const rig = createRig();
    const failure = (id: string, text: string) => ({
      ok: false,
      errorMessage: `[Request ID: ${id}] Server Error\n${text}`,
    });
    rig.subscriptions.watch(query("a"), "owner", 0);
    await turn();
    rig.runs[0]?.end(failure("aa", "x"));
    await turn();
    for (const [ts, id, text] of [
      [2n, "bb", "x"],
      [3n, "cc", "y"],
    ] as const) {
      rig.subscriptions.commit(commitOf(ts));
      await turn();
      rig.runs.at(-1)?.end(failure(id, text));
      await turn();
    }
    expect(rig.settled.map((line) => line.includes("unchanged"))).toEqual([false, true, false]);
  });

  it("a commit during the run makes it run again before it settles", async () => {
    const rig = createRig();
    rig.subscriptions.watch(query("a"), "owner", 0);
    await turn();
    rig.subscriptions.commit(commitOf(2n));
    rig.runs[0]?.end();
    await turn();
    expect(rig.settled).toEqual([]);
    expect(rig.runs).toHaveLength(2);
    rig.runs[1]?.end();
    await turn();
    expect(rig.settled).toHaveLength(1);
  });

  it("a commit that the run has already seen does not wake it", async () => {
    const rig = createRig();
    rig.subscriptions.watch(query("a"), "owner", 0);
    await turn();
    rig.runs[0]?.end({ ts: 2n });
    rig.subscriptions.commit(commitOf(2n));
    await turn();
    expect(rig.runs).toHaveLength(1);
    expect(rig.settled).toHaveLength(1);
  });

  it("a rerun gets the journal of the run before, and a newcomer without it begins anew", async () => {
    const rig = createRig();
    rig.subscriptions.watch(query("page"), "old", 0);
    await turn();
    rig.runs[0]?.end({ journal: "end-1" });
    await turn();
    rig.subscriptions.commit(commitOf(2n));
    await turn();
    expect(rig.runs[1]?.journal).toBe("end-1");
    rig.runs[1]?.end({ journal: "end-1" });
    await turn();
    rig.subscriptions.watch(query("page"), "new", 0);
    rig.subscriptions.watch(query("page", { journal: "end-1" }), "returning", 0);
    await turn();
    expect(rig.runs.map((run) => run.journal)).toEqual([null, "end-1", null]);
  });

  it("an answer that read the clock is made anew for a newcomer after 5 s", async () => {
    const rig = createRig();
    rig.subscriptions.watch(query("a"), "first", 0);
    await turn();
    rig.runs[0]?.end({ usedClock: true });
    await turn();
    rig.clockMs = 4_000;
    rig.subscriptions.watch(query("a"), "second", 0);
    await turn();
    expect(rig.runs).toHaveLength(1);
    rig.clockMs = 6_000;
    rig.subscriptions.watch(query("a"), "third", 0);
    await turn();
    expect(rig.runs).toHaveLength(2);
  });

  it("an answer from a commit that is not announced yet waits for the announcement", async () => {
    const rig = createRig();
    rig.subscriptions.watch(query("a"), "owner", 0);
    await turn();
    rig.runs[0]?.end({ ts: 2n });
    await turn();
    await turn();
    expect(rig.settled).toEqual([]);
    rig.subscriptions.commit(commitOf(2n));
    rig.runs.at(-1)?.end({ ts: 2n });
    await turn();
    expect(rig.settled).toHaveLength(1);
  });

  it("the last to leave ends it, even in the middle of a run", async () => {
    const rig = createRig();
    const slot = rig.subscriptions.watch(query("a"), "owner", 0);
    await turn();
    rig.subscriptions.unwatch(slot);
    rig.runs[0]?.end();
    await turn();
    rig.subscriptions.commit(commitOf(2n));
    await turn();
    expect(rig.subscriptions.size).toBe(0);
    expect(rig.runs).toHaveLength(1);
    expect(rig.settled).toEqual([]);
  });

  it("new code runs everything again, also what is running", async () => {
    const rig = createRig();
    rig.subscriptions.watch(query("settled"), "owner", 0);
    await turn();
    rig.runs[0]?.end();
    await turn();
    rig.subscriptions.watch(query("running"), "owner", 1);
    await turn();
    rig.subscriptions.invalidateAll();
    rig.runs[1]?.end();
    await turn();
    expect(rig.runs.map((run) => run.query.path)).toEqual([
      "settled",
      "running",
      "settled",
      "running",
    ]);
  });
});
