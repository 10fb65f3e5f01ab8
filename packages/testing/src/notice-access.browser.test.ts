/** The pages with a notice on them, as axe-core sees them. */
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { axeFindings } from "./axe-findings.js";
import { launchChromium } from "./launch-chromium.js";
import { openTab } from "./open-tab.js";
import { makeRig, type Rig, type Street } from "./release-rig.js";

let browser: Browser;
let rig: Rig;
let street: Street;

beforeAll(async () => {
  rig = await makeRig({ web: ["A"], admin: ["A"], marketing: ["A"] });
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
  await rig?.remove();
});
beforeEach(async () => {
  street = await rig.openStreet();
});
afterEach(async () => {
  for (const context of browser.contexts()) await context.close();
  await street.close();
});

describe.each(["light", "dark"] as const)("in %s", (colorScheme) => {
  const contextOptions = { colorScheme, reducedMotion: "reduce" as const };

  test.each(["web", "admin", "marketing"] as const)("%s with a notice", async (app) => {
    await street.deploy(app, "A");
    const tab = await openTab(browser, street.siteUrl(app), { contextOptions });
    await street.deploy(app, "B", { notes: "Notes can be pinned" });
    await tab.notice.waitFor();
    expect(await axeFindings(tab.page)).toEqual([]);
  });

  test("web with a critical notice, on a narrow screen", async () => {
    await street.deploy("web", "A");
    const tab = await openTab(browser, street.siteUrl("web"), {
      contextOptions: { ...contextOptions, viewport: { width: 320, height: 640 } },
    });
    await street.deploy("web", "B", { severity: "critical" });
    await tab.notice.waitFor();
    expect(await tab.notices()).toEqual(["Important update"]);
    expect(await axeFindings(tab.page)).toEqual([]);
    const width = await tab.page.evaluate(() => document.documentElement.scrollWidth);
    expect(width).toBe(320);
  });
});
