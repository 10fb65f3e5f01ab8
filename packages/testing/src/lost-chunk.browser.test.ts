/** A part of the app that loads on demand and cannot be loaded. */
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { launchChromium } from "./launch-chromium.js";
import { openTab, type Tab } from "./open-tab.js";
import { makeRig, type Rig, type Street } from "./release-rig.js";

let browser: Browser;
let rig: Rig;
let street: Street;
let tab: Tab;

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
  tab = await openTab(browser, street.siteUrl("web"));
  await tab.page.getByRole("banner").getByText("Tidepool A", { exact: true }).waitFor();
});
afterEach(async () => {
  for (const context of browser.contexts()) await context.close();
  await street.close();
});

const SETTINGS_CHUNK = /\/assets\/settings-page-.*\.js$/;

/** Goes to an address as the app's own links do. */
async function goTo(path: string): Promise<void> {
  await tab.page.evaluate((to) => {
    history.pushState(null, "", to);
    dispatchEvent(new PopStateEvent("popstate"));
  }, path);
}

const heading = () => tab.page.getByRole("heading", { name: "Settings", level: 1 });

test("a chunk of the build before is still there after a deployment", async () => {
  await street.deploy("web", "B");
  await goTo("/settings");
  await heading().waitFor();
  expect(tab.loads()).toBe(1);
});

test("a chunk that is gone is mended by one load at the intended address", async () => {
  await street.deploy("web", "B");
  await street.removeFiles("web", "A");
  await goTo("/settings?from=notes&n=1#order");
  await tab.page.getByRole("banner").getByText("Tidepool B", { exact: true }).waitFor();
  await heading().waitFor();
  expect(tab.page.url()).toBe(`${street.siteUrl("web")}/settings?from=notes&n=1#order`);
  expect(tab.loads()).toBe(2);
});

test("a network blip costs no load: the chunk is tried again", async () => {
  let failures = 0;
  await tab.page.route(SETTINGS_CHUNK, async (route) => {
    if (failures++ === 0) return await route.abort("connectionreset");
    await route.fallback();
  });
  await goTo("/settings");
  await heading().waitFor();
  expect(failures).toBeGreaterThan(1);
  expect(tab.loads()).toBe(1);
});

test("a chunk that its own build lacks costs no load: the app says so", async () => {
  await tab.page.route(SETTINGS_CHUNK, (route) => route.fulfill({ status: 404 }));
  await goTo("/settings");
  await tab.page.getByRole("heading", { name: "This page could not be loaded" }).waitFor();
  expect(tab.loads()).toBe(1);

  await tab.page.unrouteAll({ behavior: "wait" });
  await tab.page.getByRole("button", { name: "Try again" }).click();
  await heading().waitFor();
  expect(tab.loads()).toBe(1);
});
