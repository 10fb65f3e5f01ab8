// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { PAGE_EVENTS, shareStream } from "./share-stream.js";

// What a browser without locks does by itself. What several tabs do together is tried in a real one:
// packages/testing/src/shared-stream.browser.test.ts.

/** An EventSource whose server is this test. */
class TestStream extends EventTarget {
  readyState = 0;
  onopen: ((event: Event) => void) | null = null;
  onerror: ((event: Event) => void) | null = null;

  constructor() {
    super();
    streams.push(this);
  }

  say(type: string, data: string): void {
    this.dispatchEvent(new MessageEvent(type, { data }));
  }

  refuse(): void {
    this.close();
    this.onerror?.(new Event("error"));
  }

  close(): void {
    this.readyState = 2;
  }
}

let streams: TestStream[];
let heard: string[];
/** When `/version` was asked, in ms since the start. */
let asked: number[];
let stop: () => void;

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
  vi.stubGlobal("EventSource", TestStream);
  streams = [];
  heard = [];
  asked = [];
  stop = () => {};
});
afterEach(() => {
  stop();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

function start(
  ask = async () => {
    asked.push(Date.now());
    return `answer ${asked.length}`;
  },
): void {
  const hear = (text: string) => heard.push(text);
  const onPage = shareStream("tideline:test", "/events/version", ask, hear, null);
  stop = () => {
    for (const type of PAGE_EVENTS) removeEventListener(type, onPage, true);
    onPage({ type: "pagehide" });
  };
}

const newest = () => streams.at(-1) as TestStream;

test.each([
  ["the earliest", 0, [0, 2_000, 6_000, 14_000, 30_000, 60_000, 90_000]],
  ["the middle", 0.5, [0, 4_000, 12_000, 28_000, 60_000, 120_000, 180_000]],
  ["the latest", 1, [0, 6_000, 18_000, 42_000, 90_000, 180_000, 270_000]],
])(
  "a stream that is refused -> /version is asked, then both again: %s",
  async (_case, random, times) => {
    vi.spyOn(Math, "random").mockReturnValue(random);
    start();
    for (let turn = 0; turn < times.length; turn++) {
      newest().refuse();
      await vi.advanceTimersToNextTimerAsync();
    }
    expect(asked).toEqual(times);
    expect(heard).toHaveLength(times.length);
  },
);

test("silent for 15 s after opening -> closed, and /version is asked", async () => {
  start();
  await vi.advanceTimersByTimeAsync(14_999);
  expect(asked).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(newest().readyState).toBe(2);
  expect(heard).toEqual(["answer 1"]);
});

test("silent for 45 s after a message -> closed, and /version is asked; a beat every 30 s -> kept", async () => {
  start();
  for (let beat = 1; beat <= 4; beat++) {
    newest().say("version_update", `beat ${beat}`);
    await vi.advanceTimersByTimeAsync(30_000);
  }
  expect(streams).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(15_000);
  expect(heard).toEqual(["beat 1", "beat 2", "beat 3", "beat 4", "answer 1"]);
});

test("an answer that a message of the stream has overtaken is not heard", async () => {
  vi.spyOn(Math, "random").mockReturnValue(0);
  let answer = (_text: string) => {};
  start(() => new Promise((resolve) => (answer = resolve)));
  newest().refuse();
  await vi.advanceTimersByTimeAsync(2_000);
  newest().say("version_update", "newer");
  answer("older");
  await vi.advanceTimersByTimeAsync(0);
  expect(heard).toEqual(["newer"]);
});

test.each([
  [0, 0],
  [0.25, 1_000],
  [0.99, 3_960],
])(
  "drained with 4 s to spread -> opened again at once or later, by chance: %d",
  async (random, afterMs) => {
    vi.spyOn(Math, "random").mockReturnValue(random);
    start();
    newest().say("version_update", "first");
    newest().say("drain", '{"retryMs":4000}');
    expect(newest().readyState).toBe(2);
    await vi.advanceTimersByTimeAsync(Math.max(0, afterMs - 1));
    if (afterMs > 0) expect(streams).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(streams).toHaveLength(2);
    expect(asked).toEqual([]);
  },
);

test("nothing is asked or heard once it has ended", async () => {
  start();
  newest().refuse();
  stop();
  await vi.advanceTimersByTimeAsync(600_000);
  expect(heard).toEqual([]);
  expect(asked).toEqual([0]);
  expect(streams).toHaveLength(1);
});
