import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Client } from "./client.js";
import { Hub } from "./hub.js";
import type { Payload } from "./payload.js";
import { Topic } from "./topic.js";

class FakeClient extends Client {
  readonly sent: string[] = [];
  endedAt: number | null = null;

  send({ plain }: Payload): boolean {
    this.sent.push(Buffer.from(plain).toString());
    return true;
  }
  end(): void {
    this.endedAt = performance.now();
  }
  destroy(): void {}
}

let topic: Topic;
let hub: Hub;
let seed: number;

beforeEach(() => {
  vi.useFakeTimers();
  topic = new Topic({
    target: { appName: "web", environment: "production" },
    ...{ buildId: null, shared: null, settleMs: 250, onChange: () => {} },
  });
  seed = 1;
  hub = new Hub({
    ...{ keepAliveMs: 15_000, beatMs: 30_000, log: {}, topics: () => [topic], onLeave: () => {} },
    random: () => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed / 2_147_483_647;
    },
  });
});
afterEach(() => {
  hub.close();
  vi.useRealTimers();
});

async function endsOf(count: number): Promise<number[]> {
  const clients = Array.from({ length: count }, () => new FakeClient(topic));
  for (const client of clients) hub.add(client);
  const start = performance.now();
  const drained = hub.drain();
  await vi.runOnlyPendingTimersAsync();
  while (hub.size > 0) await vi.advanceTimersByTimeAsync(10);
  await drained;
  return clients.map(({ endedAt }) => (endedAt ?? Infinity) - start);
}

test("drain() lets 2,000 clients go at under 400 a second", async () => {
  const ends = await endsOf(2_000);
  expect(Math.max(...ends)).toBeLessThanOrEqual(5_400);
  const busiest = ends.map((from) => ends.filter((at) => at >= from && at < from + 1_000).length);
  expect(Math.max(...busiest)).toBeLessThanOrEqual(400);
});

test("drain() lets 375 a second go up to 3,000 clients, and above that more", async () => {
  const busiest = async (count: number) => {
    const ends = await endsOf(count);
    // Beginning with the second second: the first has what went at once.
    return Math.max(
      ...[1, 2, 3, 4].map((from) => ends.filter((at) => Math.floor(at / 1000) === from).length),
    );
  };
  expect(await busiest(3_000)).toBeLessThanOrEqual(380);
  expect(await busiest(6_000)).toBeGreaterThan(700);
});

test("drain() takes 8 s at most, however many there are", async () => {
  expect(Math.max(...(await endsOf(12_000)))).toBeLessThanOrEqual(8_000);
});

test("whose turn has not come is told what is new meanwhile", async () => {
  const clients = Array.from({ length: 100 }, () => new FakeClient(topic));
  for (const client of clients) hub.add(client);
  const drained = hub.drain();
  topic.hear(null, false);
  const message = topic.publish();
  if (message !== null) hub.broadcast([topic], message, "New");
  await vi.advanceTimersByTimeAsync(1_000);
  await drained;
  expect(clients[0]?.sent.join("")).not.toContain("version_update");
  expect(clients.at(-1)?.sent.join("")).toMatch(/version_update.*event: drain/s);
});

test("each client is told another time to come back after a break", () => {
  const clients = Array.from({ length: 50 }, () => new FakeClient(topic));
  for (const client of clients) hub.add(client);
  const times = new Set(clients.map(({ sent }) => Number(/retry: (\d+)/.exec(sent[0] ?? "")?.[1])));
  expect(times.size).toBeGreaterThan(20);
  expect(Math.min(...times)).toBeGreaterThanOrEqual(2_000);
  expect(Math.max(...times)).toBeLessThanOrEqual(5_000);
});

test("one timer beats for all: a comment after 15 s, the message after 30 s", () => {
  topic.hear(null, false);
  topic.publish();
  const before = vi.getTimerCount();
  const clients = Array.from({ length: 100 }, () => new FakeClient(topic));
  for (const client of clients) hub.add(client);
  expect(vi.getTimerCount()).toBe(before);
  const [client] = clients;
  vi.advanceTimersByTime(15_000);
  expect(client?.sent.at(-1)).toBe(": keep-alive\n\n");
  vi.advanceTimersByTime(15_000);
  expect(client?.sent.at(-1)).toBe(client?.sent[1]);
});
