/** A host that goes on serving the old page: slowly, half, or for ever. */
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { launchChromium } from "./launch-chromium.js";
import { openTab, type Tab } from "./open-tab.js";
import { makeRig, type Rig, type Street } from "./release-rig.js";

const MINUTE_MS = 60_000;

let browser: Browser;
let rig: Rig;
let street: Street;

beforeAll(async () => {
  rig = await makeRig({ web: ["A", "B"] });
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
  await rig?.remove();
});
beforeEach(async () => {
  street = await rig.openStreet();
  await street.deploy("web", "A");
});
afterEach(async () => {
  for (const context of browser.contexts()) await context.close();
  await street.close();
});

async function openA(prepare?: (page: Page) => Promise<void>): Promise<Tab> {
  const tab = await openTab(browser, street.siteUrl("web"), {
    withClock: true,
    ...(prepare === undefined ? {} : { prepare }),
  });
  await tab.heard((await street.stampOf("web", "A")).buildId);
  return tab;
}

/** Turns the page's clock until the page looks at its document again. */
async function turnToLook(tab: Tab): Promise<void> {
  const looks = tab.looks();
  // In steps: the wait for the next look begins when the answer to the last one is there.
  const turn = async () => {
    await tab.page.clock.runFor(1_000);
    return tab.looks();
  };
  await expect.poll(turn, { interval: 10, timeout: 60_000 }).toBeGreaterThan(looks);
}

test("serving the old page for 20 s, it is waited for in silence; then one click is one load", async () => {
  const tab = await openA();
  await street.record("web", "B");
  await turnToLook(tab);
  await turnToLook(tab);
  await tab.page.clock.runFor(15_000);
  expect(await tab.notices()).toEqual([]);

  await street.publish("web", "B");
  await turnToLook(tab);
  await tab.notice.waitFor();
  await tab.notice.getByRole("button", { name: "Refresh" }).click();
  await tab.page.getByRole("banner").getByText("Tidepool B", { exact: true }).waitFor();
  expect(tab.loads()).toBe(2);
  expect(await tab.notices()).toEqual([]);
});

test("serving the old page for ever, it is never left for", async () => {
  const tab = await openA();
  await street.record("web", "B");
  await turnToLook(tab);
  for (let minute = 0; minute < 30; minute++) await passMinute(tab);
  await expect.poll(tab.looks).toBeGreaterThan(3);
  expect(await tab.notices()).toEqual([]);
  expect(tab.loads()).toBe(1);
});

test("serving the old page to loads and the new one to looks, it is loaded 3 times in half an hour", async () => {
  // As a cache does that keeps pages by their kind of request. The looks reach the host.
  const tab = await openA(async (page) => {
    await page.route(`${street.siteUrl("web")}/`, async (route) => {
      if (route.request().isNavigationRequest()) await street.publish("web", "A");
      await route.continue();
    });
    page.on("response", (response) => {
      if (response.request().isNavigationRequest()) void street.publish("web", "B");
    });
  });
  await street.record("web", "B");
  await turnToLook(tab);
  const refresh = tab.notice.getByRole("button", { name: "Refresh" });
  let clicks = 0;
  const startedAt = await tab.page.evaluate(() => Date.now());
  while ((await tab.page.evaluate(() => Date.now())) < startedAt + 29 * MINUTE_MS) {
    if (await refresh.isVisible()) {
      clicks++;
      const loads = tab.loads();
      await refresh.click();
      await expect.poll(tab.loads).toBe(loads + 1);
      await tab.page.getByText("Still rolling out").first().waitFor();
    }
    await passMinute(tab);
  }
  expect(clicks).toBe(2);
  expect(tab.loads()).toBe(3);
  expect(await refresh.isVisible()).toBe(false);

  // Once the host is right, the page is offered again, and one click brings it.
  await tab.page.unrouteAll({ behavior: "wait" });
  await street.publish("web", "B");
  const turn = async () => {
    await passMinute(tab);
    return await refresh.isVisible();
  };
  await expect.poll(turn, { interval: 100, timeout: 60_000 }).toBe(true);
  await refresh.click();
  await tab.page.getByRole("banner").getByText("Tidepool B", { exact: true }).waitFor();
  expect(tab.loads()).toBe(4);
});

/** In steps below the time limit of a look, which the page's clock drives too. */
async function passMinute(tab: Tab): Promise<void> {
  for (let passedMs = 0; passedMs < MINUTE_MS; passedMs += 3_000) {
    await tab.page.clock.runFor(3_000);
  }
}
