/**
 * marketing on the real street: a page of plain HTML, the gateway at its address, the ledger. The
 * toast for itself is looked at in toast.browser.test.ts, on a page with less.
 */
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { axeFindings } from "./axe-findings.js";
import { launchChromium } from "./launch-chromium.js";
import { openTab, type Tab, type TabOptions } from "./open-tab.js";
import { makeRig, type Rig, type Street, type Variant } from "./release-rig.js";

const VERSIONS: Readonly<Record<Variant, string>> = { A: "1.0.0", B: "1.1.0", C: "1.2.0" };

let browser: Browser;
let rig: Rig;
let street: Street;

beforeAll(async () => {
  rig = await makeRig({ marketing: ["A", "B", "C"] });
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
  await rig?.remove();
});
beforeEach(async () => {
  street = await rig.openStreet();
  await street.deploy("marketing", "A");
});
afterEach(async () => {
  for (const context of browser.contexts()) await context.close();
  await street.close();
});

/** Opens the page and waits until it has heard that it is what is live. */
async function open(variant: Variant, options?: TabOptions): Promise<Tab> {
  const tab = await openTab(browser, street.siteUrl("marketing"), options);
  await runs(tab, variant);
  const version = VERSIONS[variant];
  await tab.heard(`Version update received: ${version} (current: ${version})`);
  return tab;
}

async function runs({ page }: Tab, variant: Variant): Promise<void> {
  await page.getByRole("banner").getByText(`Tideline ${variant}`, { exact: true }).waitFor();
  await page.getByText(`This page is ${VERSIONS[variant]}`, { exact: true }).waitFor();
}

const button = ({ notice }: Tab, name: string) => notice.getByRole("button", { name, exact: true });

const secondsLeft = async ({ notice }: Tab) =>
  Number(
    /^Reloading in (\d+) seconds$/.exec(
      (await notice.locator('[part="countdown"]').textContent()) ?? "",
    )?.[1],
  );

/** As the browser tells a page that its tab is covered or shown, which a headless one never is. */
async function show({ page }: Tab, isShown: boolean): Promise<void> {
  await page.evaluate((hidden) => {
    const visibilityState = hidden ? "hidden" : "visible";
    Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
    Object.defineProperty(document, "visibilityState", {
      value: visibilityState,
      configurable: true,
    });
    document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
  }, !isShown);
}

describe("a deployment", () => {
  test("is offered in every tab over one stream; one click is one load, and then it is silent", async () => {
    const context = await browser.newContext();
    const tabs = [
      await open("A", { context }),
      await open("A", { context }),
      await open("A", { context }),
    ];
    await street.deploy("marketing", "B", { notes: "Notes can be pinned" });
    for (const tab of tabs) {
      await tab.notice.getByText("1.1.0").waitFor();
      await tab.notice.getByText("Notes can be pinned").waitFor();
    }
    const streams = street.gatewayLog.filter((line) => line.includes("New SSE connection"));
    expect(streams).toEqual(["[gateway] INFO: New SSE connection established, total clients: 1"]);
    const [first] = tabs as [Tab];
    await button(first, "Reload now").click();
    await runs(first, "B");
    await first.heard("Version update received: 1.1.0 (current: 1.1.0)");
    expect(tabs.map((tab) => tab.loads())).toEqual([2, 1, 1]);
    expect(await first.notices()).toEqual([]);
  });

  test("that goes back says so to those who have to follow, and withdraws what others were offered", async () => {
    const before = await open("A");
    await street.deploy("marketing", "B");
    await before.notice.waitFor();
    const after = await open("B");
    await street.deploy("marketing", "A", { allowRollback: true });
    await after.notice.waitFor();
    expect(await after.notices()).toEqual(["Rolled back to 1.0.0"]);
    await before.notice.waitFor({ state: "detached" });
    await button(after, "Reload now").click();
    await runs(after, "A");
    expect(before.loads()).toBe(1);
  });

  test("is waited for in silence while the address still serves the old page", async () => {
    const tab = await open("A", { withClock: true });
    await street.record("marketing", "B");
    await tab.heard("Version update received: 1.1.0 (current: 1.0.0)");
    await tab.page.clock.runFor(4_000);
    expect(await tab.notices()).toEqual([]);
    await street.publish("marketing", "B");
    await tab.page.clock.runFor(2_000);
    await tab.notice.waitFor();
  });
});

describe("the countdown", () => {
  test("waits, as the reload does, while a form holds typed text, and begins anew when it is gone", async () => {
    const tab = await open("A", { withClock: true });
    await tab.page.evaluate(() =>
      document.querySelector("main")?.append(document.createElement("textarea")),
    );
    const field = tab.page.locator("textarea");
    await field.pressSequentially("A thought");
    await street.deploy("marketing", "B");
    await tab.notice.getByText("Paused: unsaved input").waitFor();
    await tab.page.clock.runFor(120_000);
    expect([tab.loads(), await field.inputValue()]).toEqual([1, "A thought"]);

    await field.clear();
    await tab.page.clock.runFor(250);
    expect(await secondsLeft(tab)).toBeGreaterThanOrEqual(29);
    await tab.page.clock.runFor(31_000);
    await runs(tab, "B");
    expect(tab.loads()).toBe(2);
  });

  test("has at least 20 s left after the tab was hidden for 10 minutes", async () => {
    const tab = await open("A", { withClock: true });
    await street.deploy("marketing", "B");
    await tab.notice.waitFor();
    await tab.page.clock.runFor(25_000);
    expect(await secondsLeft(tab)).toBeLessThanOrEqual(5);
    await show(tab, false);
    await tab.page.clock.runFor(600_000);
    await show(tab, true);
    await tab.page.clock.runFor(250);
    expect(await secondsLeft(tab)).toBeGreaterThanOrEqual(20);
    expect(tab.loads()).toBe(1);
  });

  test("ends by Escape, which is Later: in all tabs and over a reload, until the next deployment", async () => {
    const context = await browser.newContext();
    const tab = await open("A", { context, withClock: true });
    const other = await open("A", { context });
    await street.deploy("marketing", "B");
    for (const { notice } of [tab, other]) await notice.waitFor();
    await tab.page.keyboard.press("Escape");
    for (const { notice } of [tab, other]) await notice.waitFor({ state: "detached" });
    await tab.page.clock.runFor(60_000);
    expect([tab.loads(), other.loads()]).toEqual([1, 1]);

    // To be told of it again would be to be asked again.
    await street.publish("marketing", "A");
    await other.page.reload();
    await other.heard("Version update received: 1.1.0 (current: 1.0.0)");
    await street.publish("marketing", "B");
    await tab.page.clock.runFor(60_000);
    expect([await tab.notices(), await other.notices()]).toEqual([["New version available"], []]);

    await street.deploy("marketing", "C");
    for (const { notice } of [tab, other]) await notice.getByText("1.2.0").waitFor();
  });
});

describe("the page", () => {
  test("breaks its own policy nowhere, from the first load over the toast to the next one", async () => {
    const said: string[] = [];
    const foreign: string[] = [];
    const tab = await open("A", {
      withClock: true,
      prepare: async (page) => {
        page.on("console", (message) => void said.push(message.text()));
        page.on("request", (request) => void foreign.push(new URL(request.url()).origin));
        await page.addInitScript(() =>
          document.addEventListener(
            "securitypolicyviolation",
            ({ violatedDirective, sourceFile }) =>
              console.error(`policy: ${violatedDirective} in ${sourceFile}`),
          ),
        );
      },
    });
    await street.deploy("marketing", "B");
    await tab.notice.waitFor();
    await tab.page.clock.runFor(31_000);
    await runs(tab, "B");
    expect(said.filter((line) => /policy/i.test(line))).toEqual([]);
    expect(new Set(foreign)).toEqual(new Set([street.siteUrl("marketing")]));

    // There is a policy, and it is heard of.
    await tab.page.evaluate(() => document.body.setAttribute("style", "color: red"));
    await tab.heard("policy: style-src-attr");
  });

  test.each(["light", "dark"] as const)(
    "at 320 px, in %s, holds nothing for axe to find, and all of the toast",
    async (colorScheme) => {
      const viewport = { width: 320, height: 640 };
      const tab = await open("A", {
        contextOptions: { colorScheme, viewport, reducedMotion: "reduce" },
      });
      await street.deploy("marketing", "B", {
        notes: "A release with rather more to say. ".repeat(9),
      });
      await tab.notice.waitFor();
      const { page } = tab;
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
      const moving = await page.evaluate(() => document.getAnimations().length);
      expect(moving).toBe(0);
      for (const name of ["Reload now", "Later"]) {
        const box = await button(tab, name).boundingBox();
        expect(box?.x).toBeGreaterThanOrEqual(0);
        expect((box?.x ?? 0) + (box?.width ?? 320)).toBeLessThanOrEqual(320);
      }
      expect(await axeFindings(page)).toEqual([]);
      await button(tab, "Later").click();
      await tab.notice.waitFor({ state: "detached" });
    },
  );

  test("moves where motion is welcome, but its toast does not", async () => {
    const tab = await open("A");
    const names = await tab.page.evaluate(() =>
      document.getAnimations().map((animation) => (animation as CSSAnimation).animationName),
    );
    expect(names).toContain("ripple");
    await street.deploy("marketing", "B");
    await tab.notice.waitFor();
    const name = await tab.notice.evaluate((notice) => getComputedStyle(notice).animationName);
    expect(name).toBe("none");
  });

  test("has the theme that was chosen, and so does its toast", async () => {
    const tab = await open("A", { contextOptions: { colorScheme: "light" } });
    const paper = () => tab.notice.evaluate((notice) => getComputedStyle(notice).backgroundColor);
    await street.deploy("marketing", "B");
    await tab.notice.waitFor();
    const light = await paper();
    const toggle = tab.page.getByRole("button", { name: /^Theme/ });
    await toggle.click();
    expect(await paper()).toBe(light);
    await toggle.click();
    expect(await paper()).not.toBe(light);
  });

  test("is the page it is where no gateway answers, and hears of one that comes back", async () => {
    const context = await browser.newContext();
    await context.route("**/tideline.js", (route) => route.abort());
    const tab = await openTab(browser, street.siteUrl("marketing"), { context });
    await runs(tab, "A");
    await tab.page.getByRole("button", { name: /^Theme/ }).click();
    expect(await tab.page.locator("html").getAttribute("data-theme")).toBe("light");
    await context.unrouteAll();
    await tab.page.reload();
    await tab.heard("Version update received: 1.0.0 (current: 1.0.0)");
  });
});
