/** Who has a subscription of its own, and what is told to those who have none. */
import { FakeLedger } from "@tideline/testing";
import type { DeploymentSource } from "@tideline/watch";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Client } from "./client.js";
import type { Topic } from "./topic.js";
import { Topics } from "./topics.js";
import type { PreparedMessage, VersionMessage } from "./version-message.js";

const WEB = { appName: "web", environment: "production" };
const MAX_BUILDS = 3;

/** A client as far as it matters here: what it was told. */
interface Listener {
  readonly told: VersionMessage[];
  leave(): void;
}

let ledger: FakeLedger;
let followed: Set<string>;
let mostFollowed: number;
/** Puts off the ledger's answers to new subscriptions. */
let isSlow: boolean;
let late: (() => void)[];
/** Keeps from the shared topic what is new. */
let isSharedDeaf: boolean;
let hearShared: () => void;
let topics: Topics;
const members = new Map<Client, VersionMessage[]>();

beforeEach(() => {
  vi.useFakeTimers();
  ledger = new FakeLedger();
  ledger.record("a1");
  ledger.record("b2");
  followed = new Set();
  mostFollowed = 0;
  isSlow = false;
  isSharedDeaf = false;
  late = [];
  members.clear();
  const subscribe: DeploymentSource["subscribe"] = (query, onAnswer, onError) => {
    const name = query.buildId ?? "";
    const onLatest: typeof onAnswer = (latest) => {
      if (name === "") hearShared = () => onAnswer(latest);
      if (name !== "" || !isSharedDeaf) onAnswer(latest);
    };
    followed.add(name);
    mostFollowed = Math.max(mostFollowed, followed.size);
    let stop = () => {};
    const begin = () => {
      if (followed.has(name)) stop = ledger.subscribe(query, onLatest, onError);
    };
    if (isSlow) late.push(begin);
    else begin();
    return () => {
      followed.delete(name);
      stop();
    };
  };
  topics = new Topics({
    ledger: {
      ...{ source: { subscribe }, state: () => "live" as const },
      ...{ onStateChange: () => () => {}, close: async () => {} },
    },
    ...{ targets: [WEB], maxBuildsPerTarget: MAX_BUILDS, lingerMs: 60_000, settleMs: 250, log: {} },
    onMessage: (changed, { message }) => {
      for (const { clients } of changed) {
        for (const client of clients) members.get(client)?.push(message);
      }
    },
  });
  vi.advanceTimersByTime(1);
});
afterEach(() => {
  topics.close();
  vi.useRealTimers();
});

function join(buildId: string): Listener {
  const topic = topics.join(WEB, buildId) as Topic;
  const client = {} as Client;
  const told = topic.message === null ? [] : [topic.message.message];
  members.set(client, told);
  topic.clients.add(client);
  return {
    told,
    leave() {
      topic.clients.delete(client);
      topics.keep(topic);
    },
  };
}

/** Lets everything be told that the ledger has answered. */
function settle(): void {
  vi.advanceTimersByTime(1);
}

function answerLate(): void {
  for (const begin of late.splice(0)) begin();
  settle();
}

const joinEvil = (count: number, name = "evil") =>
  Array.from({ length: count }, (_, index) => {
    const listener = join(`${name}${index}`);
    settle();
    return listener;
  });

test("builds that the ledger does not know take no place from one that it knows", () => {
  joinEvil(MAX_BUILDS + 20);
  const old = join("a1");
  const live = join("b2");
  settle();
  expect(old.told).toMatchObject([{ buildId: "a1", latest: { clientBuild: { state: "known" } } }]);
  ledger.record("a1", { kind: "rollback" });
  settle();
  expect(live.told.at(-1)).toMatchObject({
    ...{ buildId: "b2", latest: { kind: "rollback", clientBuild: { state: "known" } } },
  });
});

test("whose subscription is given up hears nothing twice, and every change once", () => {
  const first = joinEvil(MAX_BUILDS);
  expect(first.map(({ told }) => told.length)).toEqual([1, 1, 1]);
  const others = joinEvil(5, "more");
  const all = [...first, ...others];
  ledger.record("c3");
  settle();
  for (const { told } of all) {
    expect(told.map(({ latest }) => latest?.epoch)).toEqual([2, 3]);
    expect(told[1]?.latest?.clientBuild).toEqual({ state: "unknown" });
  }
  expect(followed.size).toBe(MAX_BUILDS + 1);
});

test("what the shared topic has not heard yet is not told backwards", () => {
  const evil = joinEvil(MAX_BUILDS);
  // A ledger may tell its subscribers of one change one after the other.
  isSharedDeaf = true;
  ledger.record("c3");
  settle();
  const old = join("a1");
  settle();
  expect(evil.map(({ told }) => told.at(-1)?.latest?.epoch)).toEqual([3, 3, 3]);
  isSharedDeaf = false;
  hearShared();
  settle();
  expect(evil.map(({ told }) => told.map(({ latest }) => latest?.epoch))).toEqual(
    Array(3).fill([2, 3]),
  );
  expect(old.told.at(-1)).toMatchObject({ buildId: "a1", latest: { epoch: 3 } });
  expect(followed.size).toBe(1 + MAX_BUILDS);
});

test("while answers are awaited, 32 more may be asked for at one time, first come first served", () => {
  ledger.record("c3");
  const known = ["a1", "b2", "c3"].map((name) => join(name));
  settle();
  isSlow = true;
  const tried = joinEvil(40);
  expect(followed.size).toBe(1 + MAX_BUILDS + 32);
  // Without a place of any kind, a client is told at once what is known.
  expect(tried.map(({ told }) => told.length)).toEqual([...Array(32).fill(0), ...Array(8).fill(1)]);
  answerLate();
  answerLate();
  expect(tried.map(({ told }) => told.length)).toEqual(Array(40).fill(1));
  expect([...followed]).toEqual(["", "a1", "b2", "c3"]);
  expect(mostFollowed).toBe(1 + MAX_BUILDS + 32);
  expect(known.map(({ told }) => told.length)).toEqual([1, 1, 1]);
});

test("a build in the queue is told what is known of it once its turn has come", () => {
  joinEvil(MAX_BUILDS);
  isSlow = true;
  for (let index = 0; index < 60; index++) join(`more${index}`);
  const old = join("a1");
  settle();
  expect(old.told).toMatchObject([{ buildId: null }]);
  answerLate();
  answerLate();
  answerLate();
  expect(old.told).toMatchObject([{ buildId: null }, { buildId: "a1" }]);
});

test("a build without a place that becomes live gets one, and learns that it is superseded", () => {
  const [early] = joinEvil(1, "new");
  joinEvil(MAX_BUILDS + 5);
  expect(followed.has("new0")).toBe(false);
  ledger.record("new0");
  settle();
  // That it is live says the shared message as well; the same again is not sent.
  expect(early?.told).toMatchObject([{ latest: { epoch: 2 } }, { latest: { buildId: "new0" } }]);
  expect(early?.told).toHaveLength(2);
  ledger.record("b2", { kind: "rollback" });
  settle();
  expect(early?.told[2]).toMatchObject({
    ...{ buildId: "new0", latest: { clientBuild: { state: "known", firstEpoch: 3 } } },
  });
});

test("more known builds than places: the last ones share, until a place is free", () => {
  for (const name of ["c3", "d4", "e5"]) ledger.record(name);
  const [first] = ["a1", "b2", "c3"].map((name) => join(name));
  settle();
  const last = join("d4");
  settle();
  expect(last.told).toMatchObject([{ buildId: null, latest: { buildId: "e5" } }]);
  expect(followed.size).toBe(1 + MAX_BUILDS);
  // A question is answered with what the ledger knows all the same.
  const asked = topics.ask(WEB, "d4");
  settle();
  expect(followed.size).toBe(1 + MAX_BUILDS);
  first?.leave();
  vi.advanceTimersByTime(120_000);
  expect(last.told.at(-1)).toMatchObject({ buildId: "d4" });
  return expect(asked).resolves.toMatchObject({ message: { buildId: "d4" } });
});

test("a question about a build without a place is answered by the ledger", async () => {
  ledger.record("c3");
  for (const name of ["a1", "b2", "c3"]) join(name);
  settle();
  const asked = ["x1", "x2"].map((name) => topics.ask(WEB, name));
  settle();
  const answers = (await Promise.all(asked)) as PreparedMessage[];
  expect(answers.map(({ message }) => message.buildId)).toEqual(["x1", "x2"]);
  expect(followed.size).toBe(1 + MAX_BUILDS);
});

test("a place that becomes free goes to who waited longest", () => {
  const evil = joinEvil(MAX_BUILDS);
  joinEvil(2, "more");
  expect(followed.has("evil0")).toBe(false);
  for (const { leave } of evil.slice(1)) leave();
  vi.advanceTimersByTime(120_000);
  expect(followed.has("evil0")).toBe(true);
});

test("a client that leaves a build without a subscription leaves nothing behind", () => {
  const evil = joinEvil(MAX_BUILDS + 50);
  for (const { leave } of evil) leave();
  vi.advanceTimersByTime(120_000);
  expect([...topics.all()]).toHaveLength(1);
  expect([...followed]).toEqual([""]);
  expect(vi.getTimerCount()).toBe(0);
});
