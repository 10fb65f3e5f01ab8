import { FakeClock, FakeLedger, FakeTab, fakeStamp } from "@tideline/testing";
import { expect, test, vi } from "vitest";
import type { DeploymentSource } from "./source.js";
import { createVersionWatch, type VersionWatch } from "./version-watch.js";

const MINUTE = 60_000;

/** A tab that has opened its first page, with a watch in each page that it opens. */
function visit(
  ledger: FakeLedger,
  served: string,
  { shared }: { shared?: Map<string, string> } = {},
) {
  return new Visit(ledger, served, new FakeClock(), shared);
}

class Visit {
  readonly tab: FakeTab;
  watch: VersionWatch;
  /** Every state that a listener was told, one entry a change. */
  states: string[] = [];
  #stop = () => {};

  constructor(
    readonly ledger: DeploymentSource,
    served: string,
    readonly clock = new FakeClock(),
    shared?: Map<string, string>,
  ) {
    this.tab = new FakeTab(served, () => this.open(), shared);
    this.watch = this.open();
  }

  open(): VersionWatch {
    this.#stop();
    const { page, build } = this.tab.open();
    const watch = createVersionWatch({
      stamp: fakeStamp(build),
      appName: "web",
      environment: "production",
      source: this.ledger,
      page,
      now: this.clock.now,
      after: this.clock.after,
    });
    this.watch = watch;
    this.#stop = watch.subscribe(() => {
      if (this.states.at(-1) !== this.state) this.states.push(this.state);
    });
    return watch;
  }

  get state() {
    return this.watch.getSnapshot().state;
  }
}

test("listening + a deployment that the host serves -> offered, at once", async () => {
  const ledger = new FakeLedger();
  ledger.record("a");
  const visitor = visit(ledger, "a");
  const { tab, clock } = visitor;
  expect(visitor.watch.getSnapshot()).toMatchObject({
    state: "listening",
    verdict: { kind: "current" },
  });

  tab.served = "b";
  ledger.record("b");
  await clock.pass(0);

  expect(visitor.watch.getSnapshot()).toMatchObject({
    state: "offered",
    verdict: { kind: "outdated", reason: "superseded" },
    latest: { buildId: "b" },
  });
});

test("a page built as A whose first answer is already B is offered B", async () => {
  const ledger = new FakeLedger();
  ledger.record("a");
  ledger.record("b");
  const visitor = visit(ledger, "a");
  visitor.tab.served = "b";
  await visitor.clock.pass(0);
  expect(visitor.state).toBe("offered");
});

test("an unknown build is offered what was recorded after it started, and nothing before", async () => {
  const ledger = new FakeLedger();
  ledger.record("a");
  const visitor = visit(ledger, "x");
  await visitor.clock.pass(0);
  expect(visitor.watch.getSnapshot().verdict).toEqual({ kind: "ahead" });

  visitor.tab.served = "b";
  ledger.record("b");
  await visitor.clock.pass(0);
  expect(visitor.state).toBe("offered");
});

test("identical bytes deployed again say nothing", async () => {
  const ledger = new FakeLedger();
  ledger.record("a");
  const visitor = visit(ledger, "a");
  ledger.record("a", { version: "1.0.1" });
  await visitor.clock.pass(MINUTE);
  expect(visitor.states).toEqual(["listening"]);
  expect(visitor.tab.looks).toBe(0);
});

test.each(["dev", "unknown", "__TIDELINE_BUILD_ID__", ""])(
  "a page built as %j says nothing",
  async (build) => {
    const ledger = new FakeLedger();
    ledger.record("a");
    const visitor = visit(ledger, build);
    ledger.record("b");
    await visitor.clock.pass(MINUTE);
    expect(visitor.watch.getSnapshot()).toMatchObject({
      state: "listening",
      verdict: { kind: "unknown", reason: "no-stamp" },
    });
  },
);

test("while the host serves the old build the page is silent, and looks after 0, 5, 30 and every 300 s", async () => {
  const ledger = new FakeLedger();
  ledger.record("a");
  const visitor = visit(ledger, "a");
  const { clock, tab } = visitor;
  ledger.record("b");

  const looksAfter: number[] = [];
  for (const seconds of [0, 4, 1, 29, 1, 299, 1, 300]) {
    await clock.pass(seconds * 1_000);
    looksAfter.push(tab.looks);
  }
  expect(looksAfter).toEqual([1, 1, 2, 2, 3, 3, 4, 5]);
  expect(visitor.states).toEqual(["listening", "waiting"]);

  tab.served = "b";
  await clock.pass(300_000);
  expect(visitor.state).toBe("offered");
});

test("waiting + wake-up -> looks at once", async () => {
  const ledger = new FakeLedger();
  ledger.record("a");
  const visitor = visit(ledger, "a");
  ledger.record("b");
  await visitor.clock.pass(MINUTE);
  visitor.tab.served = "b";
  visitor.tab.wake();
  await visitor.clock.pass(0);
  expect(visitor.state).toBe("offered");
});

test("a wake-up hears of a deployment though the socket is dead, with one request", async () => {
  const ledger = new FakeLedger();
  ledger.record("a");
  const visitor = visit(ledger, "a");
  ledger.isLive = false;
  visitor.tab.served = "b";
  ledger.record("b");
  await visitor.clock.pass(MINUTE);
  expect(visitor.state).toBe("listening");

  visitor.tab.wake();
  await visitor.clock.pass(0);
  expect(visitor.state).toBe("offered");
  expect(ledger.checks).toBe(1);
});

test("an answer to a wake-up that the live query has overtaken changes nothing", async () => {
  const ledger = new FakeLedger();
  ledger.record("a");
  let answer: (latest: FakeLedger["latest"]) => void = () => {};
  const old = ledger.latest;
  ledger.check = () => new Promise((resolve) => (answer = resolve));
  const visitor = visit(ledger, "a");
  visitor.tab.wake();
  visitor.tab.served = "b";
  ledger.record("b");
  answer(old);
  await visitor.clock.pass(0);
  expect(visitor.watch.getSnapshot().latest?.buildId).toBe("b");
  expect(visitor.state).toBe("offered");
});

test("a host that cannot be reached is not offered, and does not withdraw an offer", async () => {
  const ledger = new FakeLedger();
  ledger.record("a");
  const visitor = visit(ledger, "a");
  visitor.tab.served = null;
  ledger.record("b");
  await visitor.clock.pass(MINUTE);
  expect(visitor.state).toBe("waiting");

  visitor.tab.served = "b";
  await visitor.clock.pass(5 * MINUTE);
  expect(visitor.state).toBe("offered");
  visitor.tab.served = null;
  visitor.tab.wake();
  await visitor.clock.pass(MINUTE);
  expect(visitor.state).toBe("offered");
});

test("a document without a readable stamp is offered", async () => {
  const ledger = new FakeLedger();
  ledger.record("a");
  const visitor = visit(ledger, "a");
  visitor.tab.served = undefined;
  ledger.record("b");
  await visitor.clock.pass(0);
  expect(visitor.state).toBe("offered");
});

test("offered + rollback to the own build -> listening, at once", async () => {
  const ledger = new FakeLedger();
  ledger.record("a");
  const visitor = visit(ledger, "a");
  visitor.tab.served = "b";
  ledger.record("b");
  await visitor.clock.pass(0);
  ledger.record("a", { kind: "rollback" });
  expect(visitor.watch.getSnapshot()).toMatchObject({
    state: "listening",
    verdict: { kind: "current" },
  });
  await visitor.clock.pass(10 * MINUTE);
  expect(visitor.state).toBe("listening");
});

test("a page on B hears that the target was rolled back to A", async () => {
  const ledger = new FakeLedger();
  ledger.record("a");
  ledger.record("b");
  const visitor = visit(ledger, "b");
  visitor.tab.served = "a";
  ledger.record("a", { kind: "rollback" });
  await visitor.clock.pass(0);
  expect(visitor.watch.getSnapshot()).toMatchObject({
    state: "offered",
    verdict: { reason: "rolled-back" },
  });
});

test("a rollback during a look at the host ends the look", async () => {
  const ledger = new FakeLedger();
  ledger.record("a");
  const visitor = visit(ledger, "a");
  visitor.tab.served = "b";
  ledger.record("b");
  const passing = visitor.clock.pass(0);
  ledger.record("a", { kind: "rollback" });
  await passing;
  await visitor.clock.pass(MINUTE);
  expect(visitor.states).not.toContain("offered");
});

test("offered + a newer deployment -> asks the host anew, and stays up if it serves another build", async () => {
  const ledger = new FakeLedger();
  ledger.record("a");
  const visitor = visit(ledger, "a");
  visitor.tab.served = "b";
  ledger.record("b");
  await visitor.clock.pass(0);
  ledger.record("c");
  await visitor.clock.pass(0);
  expect(visitor.tab.looks).toBe(2);
  expect(visitor.states).toEqual(["listening", "waiting", "offered"]);
  expect(visitor.watch.getSnapshot().latest?.buildId).toBe("c");
});

test("offered + a newer deployment that the host does not serve -> waiting", async () => {
  const ledger = new FakeLedger();
  ledger.record("a");
  const visitor = visit(ledger, "a");
  visitor.tab.served = "b";
  ledger.record("b");
  await visitor.clock.pass(0);
  visitor.tab.served = "a";
  ledger.record("c");
  await visitor.clock.pass(0);
  expect(visitor.state).toBe("waiting");
});

test("dismiss() hides this deployment, over a reload and in another tab, and no later one", async () => {
  const ledger = new FakeLedger();
  const shared = new Map<string, string>();
  ledger.record("a");
  const visitor = visit(ledger, "a", { shared });
  const other = visit(ledger, "a", { shared });
  for (const { tab } of [visitor, other]) tab.served = "b";
  ledger.record("b");
  await visitor.clock.pass(0);
  await other.clock.pass(0);

  visitor.watch.dismiss();
  other.tab.tellOfStorage();
  expect([visitor.state, other.state]).toEqual(["dismissed", "dismissed"]);

  // By hand, and the host still brings A.
  visitor.tab.loaded = "a";
  visitor.open();
  await visitor.clock.pass(0);
  expect(visitor.state).toBe("dismissed");

  ledger.record("c");
  await visitor.clock.pass(0);
  expect(visitor.state).toBe("offered");
});

test("dismiss() hides the offer until the next wake-up where the browser refuses storage", async () => {
  const ledger = new FakeLedger();
  ledger.record("a");
  const visitor = visit(ledger, "a");
  visitor.tab.refusesStorage = true;
  visitor.tab.served = "b";
  ledger.record("b");
  await visitor.clock.pass(0);
  visitor.watch.dismiss();
  expect(visitor.state).toBe("waiting");
  visitor.tab.wake();
  await visitor.clock.pass(0);
  expect(visitor.state).toBe("offered");
});

test("a dismissal in the year 2040, the clock then set right, hides no later deployment", async () => {
  const ledger = new FakeLedger();
  ledger.record("a");
  const visitor = visit(ledger, "a");
  visitor.clock.set(Date.UTC(2040, 0));
  visitor.tab.served = "b";
  ledger.record("b");
  await visitor.clock.pass(0);
  visitor.watch.dismiss();
  visitor.clock.set(Date.UTC(2026, 10, 20));
  ledger.record("c");
  await visitor.clock.pass(0);
  expect(visitor.state).toBe("offered");
});

test("dismiss() does nothing to a critical deployment", async () => {
  const ledger = new FakeLedger();
  ledger.record("a");
  const visitor = visit(ledger, "a");
  visitor.tab.served = "b";
  ledger.record("b", { severity: "critical" });
  await visitor.clock.pass(0);
  visitor.watch.dismiss();
  expect(visitor.state).toBe("offered");
});

test("dismissed + the same deployment becomes critical -> offered", async () => {
  const ledger = new FakeLedger();
  ledger.record("a");
  const visitor = visit(ledger, "a");
  visitor.tab.served = "b";
  ledger.record("b");
  await visitor.clock.pass(0);
  visitor.watch.dismiss();
  ledger.record("b", { severity: "critical" });
  await visitor.clock.pass(0);
  expect(visitor.state).toBe("offered");
});

test("refresh() that brings the new build is one load, and nothing is said afterwards", async () => {
  const ledger = new FakeLedger();
  ledger.record("a");
  const visitor = visit(ledger, "a");
  visitor.tab.served = "b";
  ledger.record("b");
  await visitor.clock.pass(0);
  visitor.states = [];
  visitor.watch.refresh();
  await visitor.clock.pass(30 * MINUTE);
  expect(visitor.tab.loads).toBe(2);
  expect(visitor.states).toEqual(["listening"]);
});

test("a load that brought the same build -> rolling-out for 10 s, without another load", async () => {
  const ledger = new FakeLedger();
  ledger.record("a");
  const visitor = visit(ledger, "a");
  visitor.tab.served = "b";
  visitor.tab.loaded = "a";
  ledger.record("b");
  await visitor.clock.pass(0);
  visitor.watch.refresh();
  await visitor.clock.pass(9_999);
  expect(visitor.state).toBe("rolling-out");
  await visitor.clock.pass(1);
  expect(visitor.state).toBe("waiting");
  expect(visitor.tab.loads).toBe(2);
});

test.each([false, true])(
  "HTML that is stuck for ever costs at most 3 loads in 30 minutes (storage refused: %s)",
  async (refusesStorage) => {
    const ledger = new FakeLedger();
    ledger.record("a");
    const visitor = visit(ledger, "a");
    const { tab, clock } = visitor;
    tab.refusesStorage = refusesStorage;
    tab.served = "b";
    tab.loaded = "a";
    ledger.record("b");
    const loadedAt = [clock.now()];
    // A person who clicks Refresh whenever it is there, for two hours.
    for (let second = 0; second < 7_200; second++) {
      await clock.pass(1_000);
      if (visitor.state !== "offered") continue;
      visitor.watch.refresh();
      loadedAt.push(clock.now());
    }
    expect(tab.loads).toBe(loadedAt.length);
    for (const start of loadedAt) {
      const within = loadedAt.filter((at) => at >= start && at < start + 30 * MINUTE);
      expect(within.length).toBeLessThanOrEqual(3);
    }
    // It does not give up for ever either.
    expect(tab.loads).toBeGreaterThan(4);

    // A later deployment heals: at once, or where one note has to do for all, when that has aged.
    tab.loaded = undefined;
    tab.served = "c";
    ledger.record("c");
    await clock.pass(refusesStorage ? 35 * MINUTE : 0);
    expect(visitor.state).toBe("offered");
    visitor.watch.refresh();
    await clock.pass(0);
    expect(visitor.watch.getSnapshot().verdict).toEqual({ kind: "current" });
  },
);

test("an app that calls refresh() whenever it is behind is stopped after two loads", async () => {
  const ledger = new FakeLedger();
  ledger.record("a");
  const visitor = visit(ledger, "a");
  visitor.tab.loaded = "a";
  visitor.tab.served = "b";
  ledger.record("b");
  for (let second = 0; second < 60; second++) {
    visitor.watch.refresh();
    await visitor.clock.pass(1_000);
  }
  expect(visitor.tab.loads).toBe(3);
});

test("a clock that was set back does not make the loop guard last for ever", async () => {
  const ledger = new FakeLedger();
  ledger.record("a");
  const visitor = visit(ledger, "a");
  visitor.tab.loaded = "a";
  visitor.tab.served = "b";
  ledger.record("b");
  for (let click = 0; click < 2; click++) {
    visitor.watch.refresh();
    await visitor.clock.pass(MINUTE);
  }
  expect(visitor.tab.loads).toBe(3);
  visitor.clock.set(visitor.clock.now() - 365 * 24 * 60 * MINUTE);
  await visitor.clock.pass(5 * MINUTE);
  expect(visitor.state).toBe("offered");
});

test.each([true, false])(
  "after the ledger starts anew, at epoch 1, an old tab hears of what follows (socket live: %s)",
  async (isLive) => {
    const before = new FakeLedger();
    for (const build of ["a", "b", "a", "b", "a"]) before.record(build);
    let ledger = before;
    let follow = () => {};
    const source: DeploymentSource = {
      subscribe: (...given) => {
        follow = () => ledger.subscribe(...given);
        return before.subscribe(...given);
      },
      check: (query) => ledger.check(query),
    };
    const visitor = new Visit(source, "a");
    ledger = new FakeLedger();
    ledger.record("c");
    if (isLive) follow();
    else visitor.tab.wake();
    await visitor.clock.pass(0);
    expect(visitor.watch.getSnapshot().latest?.epoch).toBe(1);

    visitor.tab.served = "d";
    ledger.record("d");
    if (!isLive) visitor.tab.wake();
    await visitor.clock.pass(0);
    expect(visitor.state).toBe("offered");
  },
);

test("a ledger that is empty when the tab wakes up counts as epoch 0", async () => {
  const before = new FakeLedger();
  before.record("a");
  let ledger = before;
  const source: DeploymentSource = {
    subscribe: before.subscribe,
    check: (query) => ledger.check(query),
  };
  const visitor = new Visit(source, "a");
  ledger = new FakeLedger();
  visitor.tab.wake();
  await visitor.clock.pass(0);
  visitor.tab.served = "b";
  ledger.record("b");
  visitor.tab.wake();
  await visitor.clock.pass(0);
  expect(visitor.state).toBe("offered");
});

test("refresh() while the host cannot be reached keeps the page, says so, and offers again", async () => {
  const ledger = new FakeLedger();
  ledger.record("a");
  const visitor = visit(ledger, "a");
  const { tab, clock } = visitor;
  tab.served = "b";
  ledger.record("b");
  await clock.pass(0);
  tab.served = null;
  visitor.watch.refresh();
  await clock.pass(0);
  expect(visitor.state).toBe("rolling-out");
  await clock.pass(10_000);
  expect(visitor.state).toBe("waiting");
  expect(tab.loads).toBe(1);

  tab.served = "b";
  await clock.pass(20_000);
  expect(visitor.state).toBe("offered");
  visitor.watch.refresh();
  await clock.pass(0);
  expect(tab.loads).toBe(2);
});

test("many clicks on Refresh are one load and one look at the host", async () => {
  const ledger = new FakeLedger();
  ledger.record("a");
  const { tab, watch, clock } = visit(ledger, "a");
  tab.served = "b";
  ledger.record("b");
  await clock.pass(0);
  for (let click = 0; click < 5; click++) watch.refresh();
  await clock.pass(0);
  // The load has begun, and the page is still there.
  for (let click = 0; click < 5; click++) watch.refresh();
  await clock.pass(1_000);
  expect(tab.loads).toBe(2);
  expect(tab.looks).toBe(2);
});

test('a refused "Leave site?" costs none of the two loads', async () => {
  const ledger = new FakeLedger();
  ledger.record("a");
  const visitor = visit(ledger, "a");
  visitor.tab.served = "b";
  ledger.record("b");
  await visitor.clock.pass(0);
  visitor.tab.refusesToLeave = true;
  for (let click = 0; click < 5; click++) {
    visitor.watch.refresh();
    await visitor.clock.pass(MINUTE);
    expect(visitor.state).toBe("offered");
  }
  visitor.tab.refusesToLeave = false;
  visitor.watch.refresh();
  await visitor.clock.pass(0);
  expect(visitor.tab.loads).toBe(2);
});

test("refresh() of a page that is current loads it, and the guard does not count it", async () => {
  const ledger = new FakeLedger();
  ledger.record("a");
  const visitor = visit(ledger, "a");
  for (let click = 0; click < 3; click++) {
    visitor.watch.refresh();
    await visitor.clock.pass(0);
  }
  expect(visitor.tab.loads).toBe(4);
  visitor.tab.served = "b";
  ledger.record("b");
  await visitor.clock.pass(0);
  expect(visitor.state).toBe("offered");
});

test("a source that fails is a setup error, warned of once, and gone with the first answer", () => {
  const ledger = new FakeLedger();
  ledger.record("a");
  let fail: (error: Error) => void = () => {};
  let tell = () => {};
  const source: DeploymentSource = {
    subscribe: (query, onLatest, onError) => {
      fail = onError;
      tell = () => ledger.subscribe(query, onLatest, onError);
      return () => {};
    },
  };
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  const visitor = new Visit(source, "a");
  fail(new Error("Export the query"));
  fail(new Error("Export the query"));
  expect(visitor.watch.getSnapshot().setupError).toBe("Export the query");
  expect(warn.mock.calls).toEqual([["Export the query"]]);
  warn.mockRestore();
  tell();
  expect(visitor.watch.getSnapshot().setupError).toBeNull();
});

test("a source that throws when it starts does not throw into the host", () => {
  const source: DeploymentSource = {
    subscribe() {
      throw new Error("No client");
    },
  };
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  const visitor = new Visit(source, "a");
  expect(visitor.watch.getSnapshot().setupError).toBe("No client");
  warn.mockRestore();
});

test("a watch rests without listeners and goes on where it was", async () => {
  const ledger = new FakeLedger();
  ledger.record("a");
  const clock = new FakeClock();
  const tab = new FakeTab("a", () => {});
  const watch = createVersionWatch({
    stamp: fakeStamp("x"),
    appName: "web",
    environment: "production",
    source: ledger,
    page: tab.open().page,
    now: clock.now,
    after: clock.after,
  });
  const stop = watch.subscribe(() => {});
  stop();
  stop();
  tab.served = "b";
  ledger.record("b");
  await clock.pass(MINUTE);
  expect(tab.looks).toBe(0);

  // The build is unknown: only what was there at the first start tells that it is behind.
  watch.subscribe(() => {});
  await clock.pass(0);
  expect(watch.getSnapshot().state).toBe("offered");
});

test("snapshots are immutable: the same object until something changes", async () => {
  const ledger = new FakeLedger();
  ledger.record("a");
  const visitor = visit(ledger, "a");
  const before = visitor.watch.getSnapshot();
  expect(visitor.watch.getSnapshot()).toBe(before);
  ledger.record("b");
  expect(visitor.watch.getSnapshot()).not.toBe(before);
  expect(before.latest?.buildId).toBe("a");
});
