/** What the tabs of one real browser make of a gateway: who keeps the stream, and who takes over. */
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { fakeStamp } from "./fake-ledger.js";
import { bundle } from "./gateway-rig/bundle.js";
import { openStubGateway, type StubGateway } from "./gateway-rig/stub-gateway.js";
import { launchChromium } from "./launch-chromium.js";

let script: string;
let browser: Browser;
let context: BrowserContext;
let gateway: StubGateway;
let complaints: string[];

beforeAll(async () => {
  script = await bundle("watching-page.ts");
  // Pages are kept for the back button, as in everybody's browser.
  browser = await launchChromium({ ignoreDefaultArgs: ["--disable-back-forward-cache"] });
});
afterAll(() => browser?.close());
beforeEach(async () => {
  gateway = await openStubGateway((url) => {
    if (url.pathname === "/page.js") return script;
    return url.pathname === "/" ? html(url) : "<!doctype html>Another page";
  });
  gateway.ledger.record("a");
  context = await browser.newContext();
  complaints = [];
});
afterEach(async () => {
  await context.close();
  await gateway.close();
});

const html = ({ searchParams }: URL) =>
  `<!doctype html><meta name="tideline-build" content='${JSON.stringify(
    fakeStamp(searchParams.get("build") ?? ""),
  )}'><script type="module" src="/page.js"></script>`;

/** Opens a tab with a build, and waits until it knows what is live. */
async function openTab(build: string, prepare?: (page: Page) => Promise<unknown>): Promise<Page> {
  const page = await context.newPage();
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "warning") complaints.push(message.text());
  });
  await prepare?.(page);
  await page.goto(`${gateway.url}/?build=${build}`);
  return page;
}

/** Resolves once the tab knows that a build is live. */
async function heard(page: Page, build: string): Promise<void> {
  await page.waitForFunction(
    (wanted) => Reflect.get(window, "watch")?.getSnapshot().latest?.buildId === wanted,
    build,
    // Not by animation frames: a tab in the background has none.
    { polling: 20 },
  );
}

const snapshot = (page: Page) =>
  page.evaluate(() => Reflect.get(window, "watch").getSnapshot()) as Promise<{
    verdict: unknown;
    setupError: string | null;
    latest: { clientBuild: unknown };
  }>;

test("three tabs have one stream between them, and all hear of a deployment", async () => {
  const tabs = [await openTab("a"), await openTab("a"), await openTab("a")];
  for (const tab of tabs) await heard(tab, "a");
  gateway.ledger.record("b");
  for (const tab of tabs) {
    await heard(tab, "b");
    expect((await snapshot(tab)).verdict).toMatchObject({ kind: "outdated" });
  }
  expect(gateway.opened).toEqual(["a"]);
  expect(gateway.asked).toEqual([]);
  expect(complaints).toEqual([]);
});

test("the leader closes -> another tab takes over, and misses nothing", async () => {
  const leader = await openTab("a");
  await heard(leader, "a");
  const tabs = [await openTab("a"), await openTab("a")];
  for (const tab of tabs) await heard(tab, "a");
  await leader.close();
  gateway.ledger.record("b");
  for (const tab of tabs) await heard(tab, "b");
  expect(gateway.open).toEqual(["a"]);
});

test("a tab of another build asks about itself once a change, and not at every beat", async () => {
  const old = await openTab("a");
  await heard(old, "a");
  gateway.ledger.record("b");
  const tab = await openTab("b");
  await heard(tab, "b");
  // What is live is its own build: there is nothing to ask.
  expect(gateway.asked).toEqual([]);
  gateway.ledger.record("c");
  for (const page of [old, tab]) await heard(page, "c");
  const { verdict, latest } = await snapshot(tab);
  expect(verdict).toMatchObject({ kind: "outdated", reason: "superseded" });
  expect(latest.clientBuild).toEqual({ state: "known", firstEpoch: 2, lastEpoch: 2 });
  gateway.beat();
  gateway.ledger.record("d");
  for (const page of [old, tab]) await heard(page, "d");
  expect(gateway.asked).toEqual(["b", "b"]);
  expect(gateway.opened).toEqual(["a"]);
});

test("an answer about its build that is behind the stream's is not believed", async () => {
  const old = await openTab("a");
  await heard(old, "a");
  gateway.ledger.record("b");
  const tab = await openTab("b");
  await heard(tab, "b");
  gateway.lag();
  gateway.ledger.record("c");
  await heard(tab, "c");
  expect((await snapshot(tab)).latest.clientBuild).toEqual({ state: "unknown" });
  gateway.catchUp();
  gateway.beat();
  await gateway.until(() => gateway.asked.length === 2);
  await tab.waitForFunction(
    () => Reflect.get(window, "watch").getSnapshot().latest.clientBuild.state === "known",
    null,
    { polling: 20 },
  );
});

test("the leader is frozen -> another tab takes over; it is thawed -> it follows", async () => {
  const leader = await openTab("a");
  await heard(leader, "a");
  const tab = await openTab("a");
  await heard(tab, "a");
  // A headless browser freezes none of its tabs.
  await leader.evaluate(() => {
    document.dispatchEvent(new Event("freeze"));
  });
  await gateway.until(() => gateway.opened.length === 2 && gateway.open.length === 1);
  gateway.ledger.record("b");
  await heard(tab, "b");
  await show(leader);
  await heard(leader, "b");
  expect(gateway.opened).toEqual(["a", "a"]);
});

test("the leader's page is kept for the back button -> another takes over; it is back -> it follows", async () => {
  const leader = await openTab("a");
  await heard(leader, "a");
  const tab = await openTab("a");
  await heard(tab, "a");
  await leader.evaluate(() =>
    addEventListener("pageshow", (event) => Object.assign(window, { isKept: event.persisted })),
  );
  await leader.goto(`${gateway.url}/other`);
  await gateway.until(() => gateway.opened.length === 2);
  gateway.ledger.record("b");
  await heard(tab, "b");
  await leader.goBack({ waitUntil: "commit" });
  await heard(leader, "b");
  expect(await leader.evaluate(() => Reflect.get(window, "isKept"))).toBe(true);
  expect(gateway.open).toEqual(["a"]);
});

test("who holds the lock and says nothing is robbed of it, by a newcomer after 10 s", async () => {
  const holder = await context.newPage();
  await holder.goto(`${gateway.url}/other`);
  await holder.evaluate(
    (name) =>
      new Promise<void>((held) => {
        void navigator.locks.request(name, () => new Promise(() => held()));
      }),
    lockName(),
  );
  const tab = await openTab("a", (page) => page.clock.install());
  await locksPending(tab);
  await tab.clock.runFor(5_000);
  expect(gateway.opened).toEqual([]);
  await tab.clock.runFor(5_000);
  await heard(tab, "a");
  expect(gateway.opened).toEqual(["a"]);
});

test("a tab that heard the leader robs it after 75 s of silence, and the leader follows then", async () => {
  const leader = await openTab("a");
  await heard(leader, "a");
  const tab = await openTab("a", (page) => page.clock.install());
  await heard(tab, "a");
  // What is said no longer arrives, as where a phone suspends a tab.
  await leader.evaluate(() => {
    BroadcastChannel.prototype.postMessage = () => {};
  });
  // The clock also runs by itself.
  await tab.clock.runFor(65_000);
  expect(gateway.opened).toEqual(["a"]);
  await tab.clock.runFor(10_000);
  await gateway.until(() => gateway.opened.length === 2 && gateway.open.length === 1);
  gateway.ledger.record("b");
  for (const page of [leader, tab]) await heard(page, "b");
});

test("a leader that is alive is never robbed, however long nothing happens", async () => {
  const leader = await openTab("a");
  await heard(leader, "a");
  const tab = await openTab("a", (page) => page.clock.install());
  await heard(tab, "a");
  await tab.evaluate((name) => {
    const answers: unknown[] = [];
    new BroadcastChannel(name).onmessage = ({ data }) => data !== 0 && answers.push(data);
    Object.assign(window, { answers });
  }, lockName());
  for (let turn = 1; turn <= 5; turn++) {
    await tab.clock.runFor(65_000);
    await tab.waitForFunction((count) => Reflect.get(window, "answers").length >= count, turn, {
      polling: 20,
    });
  }
  expect(gateway.opened).toEqual(["a"]);
});

test("the stream is refused -> /version is asked, at once and again; it is there again -> it is used", async () => {
  gateway.manner = "refuses";
  const tab = await openTab("a", (page) => page.clock.install());
  await heard(tab, "a");
  gateway.ledger.record("b");
  await tab.clock.runFor(6_000);
  await heard(tab, "b");
  gateway.manner = "speaks";
  await tab.clock.runFor(13_000);
  await gateway.until(() => gateway.open.length === 1);
  gateway.ledger.record("c");
  await heard(tab, "c");
  expect(complaints).toEqual([]);
});

test("a proxy that keeps the stream to itself is found out after 15 s", async () => {
  gateway.manner = "keeps silent";
  const tab = await openTab("a", (page) => page.clock.install());
  await gateway.until(() => gateway.open.length === 1);
  await tab.clock.runFor(15_000);
  await heard(tab, "a");
  expect(gateway.asked).toEqual(["a"]);
  expect(gateway.opened).toEqual(["a"]);
});

test("a tab that nobody sees does not ask; it lets the one lead that is seen", async () => {
  gateway.manner = "refuses";
  const unseen = await openTab("a", hide);
  await gateway.until(() => gateway.opened.length === 1);
  const tab = await openTab("b");
  await heard(tab, "a");
  await tab.close();
  expect(gateway.asked).not.toContain("a");
  gateway.ledger.record("c");
  await show(unseen);
  await heard(unseen, "c");
});

test.each(["drop", "drain"])(
  "the gateway goes by %s -> the one stream is opened again",
  async (way) => {
    const tabs = [await openTab("a"), await openTab("a")];
    for (const tab of tabs) await heard(tab, "a");
    if (way === "drain") gateway.send("drain", '{"retryMs":300}');
    else gateway.drop();
    await gateway.until(() => gateway.opened.length === 2 && gateway.open.length === 1);
    gateway.ledger.record("b");
    for (const tab of tabs) await heard(tab, "b");
    expect(gateway.open).toEqual(["a"]);
    expect(complaints).toEqual([]);
  },
);

test("what is no message is warned of once, and the next good one counts", async () => {
  const tab = await openTab("a");
  await heard(tab, "a");
  for (const data of ["nonsense", "null", "5", "[]", "{}", '{"type":"version","latest":{}}']) {
    gateway.send("version_update", data);
  }
  gateway.send("version_update", '{"type":"version","latest":{"epoch":9}}');
  gateway.send("drain", "soon");
  await gateway.until(() => gateway.opened.length === 2);
  gateway.ledger.record("b");
  await heard(tab, "b");
  expect((await snapshot(tab)).setupError).toBeNull();
  expect(complaints).toEqual([
    `Cannot follow deployments: expected a gateway at "${gateway.url}/"`,
  ]);
});

test("what a gateway without its ledger says is not believed against what was heard", async () => {
  gateway.ledger.record("b");
  const tab = await openTab("b");
  await heard(tab, "b");
  gateway.send("version_update", '{"type":"version","version":null,"stale":true,"buildId":"b"}');
  gateway.send("version_update", stale(1, "a"));
  expect((await snapshot(tab)).latest).toMatchObject({ epoch: 2 });
  gateway.send("version_update", stale(3, "c"));
  await heard(tab, "c");
});

const stale = (epoch: number, buildId: string) =>
  JSON.stringify({
    ...{ type: "version", stale: true, buildId: "b" },
    latest: { ...gateway.ledger.latest, epoch, buildId },
  });

test.each([
  ["locks are missing", () => Reflect.deleteProperty(Navigator.prototype, "locks")],
  [
    "locks are refused",
    () => {
      LockManager.prototype.request = () => Promise.reject(new DOMException("", "SecurityError"));
    },
  ],
  [
    "channels and storage throw",
    () => {
      const refuse = () => {
        throw new DOMException("", "SecurityError");
      };
      Object.assign(window, { BroadcastChannel: refuse });
      for (const name of ["localStorage", "sessionStorage"]) {
        Object.defineProperty(window, name, { get: refuse });
      }
    },
  ],
])("%s -> each tab has a stream of its own while it is seen", async (_case, breakIt) => {
  const tabs = [];
  for (let count = 0; count < 2; count++) {
    tabs.push(await openTab("a", (page) => page.addInitScript(breakIt)));
  }
  for (const tab of tabs) await heard(tab, "a");
  expect(gateway.open).toEqual(["a", "a"]);
  await hide(tabs[0] as Page);
  await gateway.until(() => gateway.open.length === 1);
  gateway.ledger.record("b");
  await heard(tabs[1] as Page, "b");
  await show(tabs[0] as Page);
  await heard(tabs[0] as Page, "b");
  expect(complaints).toEqual([]);
});

test("without EventSource /version is asked, after the 15 s that a silent one is given", async () => {
  const tab = await openTab("a", async (page) => {
    await page.addInitScript(() => Reflect.deleteProperty(window, "EventSource"));
    await page.clock.install();
  });
  await tab.clock.runFor(15_000);
  await heard(tab, "a");
  expect(gateway.asked).toEqual(["a"]);
});

test("nothing is held once the last listener is gone, and all of it again for the next", async () => {
  const tab = await openTab("a");
  await heard(tab, "a");
  await tab.evaluate(() => Reflect.get(window, "stop")());
  await gateway.until(() => gateway.open.length === 0);
  expect(await tab.evaluate(async () => (await navigator.locks.query()).held)).toEqual([]);
  gateway.ledger.record("b");
  await tab.evaluate(() => Reflect.get(window, "follow")());
  await heard(tab, "b");
});

const lockName = () => `tideline:${gateway.url}/:web:production`;

/** Resolves once a tab waits for the lock. */
async function locksPending(page: Page): Promise<void> {
  await page.waitForFunction(
    async () => ((await navigator.locks.query()).pending ?? []).length > 0,
    null,
    { polling: 20 },
  );
}

// A headless browser shows all its tabs.
const turn = (page: Page, isHidden: boolean) =>
  page.evaluate((value) => {
    Object.defineProperty(document, "hidden", { configurable: true, value });
    document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
  }, isHidden);
const show = (page: Page) => turn(page, false);
async function hide(page: Page): Promise<void> {
  await page.addInitScript(() => {
    Object.defineProperty(document, "hidden", { configurable: true, value: true });
  });
  await turn(page, true);
}
