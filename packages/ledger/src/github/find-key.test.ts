import { describe, expect, test } from "vitest";
import type { SigningKey } from "./fetch-keys.js";
import type { IssuerKeys, KeySource } from "./find-key.js";
import { findKey, mayFetch } from "./find-key.js";

const key = (kid: string): SigningKey => ({ kid, n: "n", e: "AQAB" });
const START = 1_000_000_000;

/** A table and an issuer in memory, whose time passes only while somebody waits. */
function makeSource(row: IssuerKeys | null, fetched: readonly SigningKey[] | Error) {
  const state = { row, now: START, fetches: 0, waited: 0 };
  const source: KeySource = {
    issuer: "https://issuer.example",
    read: async () => state.row,
    async claimFetch() {
      if (!mayFetch(state.row, state.now)) return false;
      const old = state.row ?? { keys: [], fetchedAt: 0 };
      state.row = { ...old, triedAt: state.now, attempt: "running" };
      return true;
    },
    async fetchKeys() {
      state.fetches += 1;
      if (fetched instanceof Error) throw fetched;
      return fetched;
    },
    async settleFetch(keys) {
      if (state.row === null) return;
      state.row = keys
        ? { ...state.row, keys: [...keys], fetchedAt: state.now, attempt: "done" }
        : { ...state.row, attempt: "failed" };
    },
    now: () => state.now,
    async wait(ms) {
      state.now += ms;
      state.waited += ms;
    },
  };
  return { source, state };
}

describe("findKey()", () => {
  test("waits for the one who fetches now, and has its keys", async () => {
    const running = { keys: [], fetchedAt: 0, triedAt: START, attempt: "running" as const };
    const { source, state } = makeSource(running, []);
    const wait = source.wait;
    source.wait = async (ms) => {
      await wait(ms);
      if (state.waited >= 300) await source.settleFetch([key("a")]);
    };
    expect(await findKey("a", source)).toEqual(key("a"));
    expect([state.fetches, state.waited]).toEqual([0, 300]);
  });

  test("does not wait for ever for one who died while fetching", async () => {
    const running = { keys: [], fetchedAt: 0, triedAt: START, attempt: "running" as const };
    const { source, state } = makeSource(running, [key("a")]);
    await expect(findKey("a", source)).rejects.toMatchObject({
      data: { code: "ISSUER_UNAVAILABLE" },
    });
    expect(state.waited).toBe(6_000);
    state.now = START + 30_000;
    expect(await findKey("a", source)).toEqual(key("a"));
  });

  test("who has a key waits for nobody", async () => {
    const stale = {
      ...{ keys: [key("a")], fetchedAt: START - 2 * 3600_000 },
      ...{ triedAt: START, attempt: "running" as const },
    };
    const { source, state } = makeSource(stale, []);
    expect(await findKey("a", source)).toEqual(key("a"));
    expect([state.fetches, state.waited]).toEqual([0, 0]);
  });

  test("a clock that was put back does not stop the fetching", async () => {
    const future = {
      ...{ keys: [], fetchedAt: 0 },
      ...{ triedAt: START + 3600_000, attempt: "failed" as const },
    };
    const { source } = makeSource(future, [key("a")]);
    expect(await findKey("a", source)).toEqual(key("a"));
  });

  test("what the issuer does not have is refused, what nobody can say is not", async () => {
    const first = makeSource(null, [key("a")]);
    await expect(findKey("b", first.source)).rejects.toMatchObject({
      data: { code: "UNAUTHENTICATED", message: expect.stringContaining('got "b"') },
    });
    const second = makeSource(null, new Error("away"));
    await expect(findKey("b", second.source)).rejects.toMatchObject({
      data: { code: "ISSUER_UNAVAILABLE" },
    });
  });
});
