/** By a clock of its own: what a ledger that is away costs it, and what one that is there does. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type WatchReturn, watchReturn } from "./watch-return.js";

let asked: number[];
let reconnected: number[];
let answer: () => Promise<Response>;
let returning: WatchReturn;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  asked = [];
  reconnected = [];
  answer = () => Promise.reject(new TypeError("fetch failed"));
  const startedAt = performance.now();
  returning = watchReturn({
    url: "http://ledger.test",
    fetch: () => {
      asked.push(performance.now() - startedAt);
      return answer();
    },
    reconnect: () => reconnected.push(performance.now() - startedAt),
  });
});
afterEach(() => {
  returning.end();
  vi.useRealTimers();
});

function pauses(times: readonly number[]): number[] {
  return times.slice(1).map((time, index) => time - (times[index] ?? 0));
}

test("a ledger that is there is never asked", async () => {
  returning.look(false);
  returning.look(true);
  returning.look(false);
  await vi.advanceTimersByTimeAsync(24 * 60 * 60_000);
  expect(asked).toEqual([]);
});

test("one that is away is asked every two seconds, give or take a quarter, and not in step with others", async () => {
  returning.look(true);
  await vi.advanceTimersByTimeAsync(10 * 60_000);
  expect(Math.min(...pauses(asked))).toBeGreaterThanOrEqual(1_500);
  expect(Math.max(...pauses(asked))).toBeLessThanOrEqual(2_500);
  expect(new Set(pauses(asked).map(Math.round)).size).toBeGreaterThan(10);
  expect(reconnected).toEqual([]);
});

test("its first answer has the client connect, and then nobody asks", async () => {
  returning.look(true);
  await vi.advanceTimersByTimeAsync(60_000);
  answer = async () => new Response("1");
  const before = asked.length;
  await vi.advanceTimersByTimeAsync(2_500);
  expect(reconnected).toEqual([asked[before]]);
  returning.look(false);
  const after = asked.length;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toHaveLength(after);
});

test("one that answers questions and takes no connection is tried ever more rarely", async () => {
  answer = async () => new Response("1");
  returning.look(true);
  await vi.advanceTimersByTimeAsync(5 * 60_000);
  const [first = 0, ...others] = pauses(reconnected);
  expect(first).toBeGreaterThanOrEqual(4_000);
  expect(Math.min(...others.slice(2))).toBeGreaterThanOrEqual(16_000);
});

test("a proxy that answers in its place is not taken for it", async () => {
  answer = async () => new Response("Bad gateway", { status: 502 });
  returning.look(true);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(reconnected).toEqual([]);
});

test("a question that hangs is the only one, and is given up", async () => {
  const given: AbortSignal[] = [];
  returning.end();
  returning = watchReturn({
    url: "http://ledger.test",
    fetch: (_, init) =>
      new Promise((_, reject) => {
        const { signal } = init as { signal: AbortSignal };
        given.push(signal);
        signal.addEventListener("abort", () => reject(signal.reason));
      }),
    reconnect: () => {},
  });
  returning.look(true);
  await vi.advanceTimersByTimeAsync(6_000);
  expect(given).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(given.slice(0, -1).every(({ aborted }) => aborted)).toBe(true);
  returning.end();
  expect(given.every(({ aborted }) => aborted)).toBe(true);
});
