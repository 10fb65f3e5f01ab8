import type { ConnectionState } from "@tideline/watch/convex";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { watchReturn } from "./watch-return.js";

const WEB = { appName: "web", environment: "production" };
let state: ConnectionState;
let turn: (next: ConnectionState) => void;
let answer: () => Promise<null | undefined>;
let asked: number;
let reconnects: number[];
let unanswered: number;
let stop: () => void;

beforeEach(() => {
  vi.useFakeTimers();
  [state, asked, reconnects, unanswered] = ["live", 0, [], 0];
  answer = () => Promise.reject(new Error("refused"));
  stop = watchReturn({
    ledger: {
      source: {
        subscribe: () => () => {},
        check: () => {
          asked++;
          return answer();
        },
      },
      state: () => state,
      onStateChange(listener) {
        turn = (next) => {
          state = next;
          listener(next);
        };
        return () => {};
      },
      reconnect: () => void reconnects.push(performance.now()),
      close: async () => {},
    },
    ...{ query: WEB, random: () => 0.5 },
    onNoAnswer: () => void unanswered++,
  });
});
afterEach(() => {
  stop();
  vi.useRealTimers();
});

test("a ledger that is there is not asked", async () => {
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toBe(0);
});

test("a ledger that is away is asked once a second, also while a question hangs, and no more once it is back", async () => {
  turn("away");
  await vi.advanceTimersByTimeAsync(5_000);
  expect([asked, unanswered, reconnects]).toEqual([5, 5, []]);
  answer = () => new Promise(() => {});
  await vi.advanceTimersByTimeAsync(5_000);
  expect([asked, unanswered]).toEqual([10, 5]);
  answer = () => Promise.resolve(null);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(reconnects).toHaveLength(1);
  turn("live");
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toBe(11);
});

test("a ledger that answers questions and takes no connection is tried more and more rarely", async () => {
  answer = () => Promise.resolve(null);
  turn("away");
  await vi.advanceTimersByTimeAsync(120_000);
  const pauses = reconnects.slice(1).map((at, index) => at - (reconnects[index] ?? 0));
  expect(pauses.slice(0, 6)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 16_000]);
  turn("live");
  turn("away");
  await vi.advanceTimersByTimeAsync(1_000);
  expect(reconnects.at(-1)).toBe(performance.now());
});

test("an answer that comes after the connection is back changes nothing", async () => {
  let give: (answer: null) => void = () => {};
  answer = () => new Promise((resolve) => (give = resolve));
  turn("away");
  await vi.advanceTimersByTimeAsync(1_000);
  turn("live");
  give(null);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(reconnects).toEqual([]);
});
