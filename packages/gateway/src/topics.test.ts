import { FakeLedger } from "@tideline/testing";
import type { ConnectionState } from "@tideline/watch/convex";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Client } from "./client.js";
import { Topics } from "./topics.js";
import type { PreparedMessage } from "./version-message.js";

const WEB = { appName: "web", environment: "production" };
let ledger: FakeLedger;
let topics: Topics;
let told: PreparedMessage["message"][];
let turn: (state: ConnectionState) => void;

beforeEach(() => {
  vi.useFakeTimers();
  ledger = new FakeLedger();
  told = [];
  let state: ConnectionState = "live";
  topics = new Topics({
    ledger: {
      source: ledger,
      state: () => state,
      onStateChange(listener) {
        turn = (next) => {
          state = next;
          listener(next);
        };
        return () => {};
      },
      close: async () => {},
    },
    ...{ targets: [WEB], maxBuildsPerTarget: 2, lingerMs: 60_000, settleMs: 250, log: {} },
    onMessage: (_, { message }) => void told.push(message),
  });
});
afterEach(() => {
  topics.close();
  vi.useRealTimers();
});

test("a build's topic ends 60 s after its last client, and not before", () => {
  const topic = topics.join(WEB, "a1");
  const client = {} as Client;
  topic?.clients.add(client);
  vi.advanceTimersByTime(600_000);
  expect(topics.count).toBe(2);
  topic?.clients.delete(client);
  if (topic !== undefined) topics.keep(topic);
  vi.advanceTimersByTime(59_000);
  expect(topics.join(WEB, "a1")).toBe(topic);
  vi.advanceTimersByTime(59_000);
  expect(topics.count).toBe(2);
  vi.advanceTimersByTime(1_000);
  expect(topics.count).toBe(1);
});

test("what changes in one moment is one message", () => {
  vi.advanceTimersByTime(250);
  expect(told).toHaveLength(1);
  ledger.record("a1");
  ledger.record("b2");
  turn("away");
  vi.advanceTimersByTime(1);
  expect(told).toHaveLength(2);
  expect(told[1]).toMatchObject({ version: "1.0.0", stale: true, latest: { buildId: "b2" } });
});

test("an interruption that is over in the same moment is not told at all", () => {
  vi.advanceTimersByTime(250);
  turn("away");
  turn("live");
  vi.advanceTimersByTime(1);
  expect(told).toHaveLength(1);
});

test("the same answer again is no message", () => {
  ledger.record("a1");
  vi.advanceTimersByTime(250);
  ledger.record("a1");
  vi.advanceTimersByTime(1);
  expect(told).toHaveLength(1);
});
