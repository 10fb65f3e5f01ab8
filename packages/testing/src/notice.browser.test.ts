/** What the tabs of three apps say while builds A, B and C of one of them come and go. */
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { launchChromium } from "./launch-chromium.js";
import { openTab, type Tab, type TabOptions } from "./open-tab.js";
import { makeRig, type Rig, type Street, type Variant } from "./release-rig.js";

let browser: Browser;
let rig: Rig;
let street: Street;

beforeAll(async () => {
  rig = await makeRig({ web: ["A", "B", "C"], admin: ["A"], marketing: ["A"] });
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

async function openWeb(variant: Variant, options?: TabOptions): Promise<Tab> {
  const tab = await openTab(browser, street.siteUrl("web"), options);
  await showsVariant(tab, variant);
  const { buildId } = await street.stampOf("web", variant);
  await tab.heard(buildId);
  return tab;
}

async function showsVariant({ page }: Tab, variant: Variant): Promise<void> {
  await page.getByRole("banner").getByText(`Tidepool ${variant}`, { exact: true }).waitFor();
}

describe("a new build", () => {
  test("is offered once, and after Refresh the page is the new one and silent", async () => {
    const tab = await openWeb("A");
    await street.deploy("web", "B");
    await tab.notice.waitFor();
    expect(await tab.notices()).toEqual(["New version available"]);
    expect(await tab.notice.textContent()).toContain("v1.1.0");

    await tab.notice.getByRole("button", { name: "Refresh" }).click();
    await showsVariant(tab, "B");
    await tab.heard((await street.stampOf("web", "B")).buildId);
    await street.deploy("web", "B", { notes: "The same bytes again" });
    await tab.heard("The same bytes again");
    expect(await tab.notices()).toEqual([]);
    expect(tab.loads()).toBe(2);
  });

  test("is no news to the tabs of other apps; admin's history gains the row", async () => {
    await street.deploy("admin", "A");
    await street.deploy("marketing", "A");
    const admin = await openTab(browser, street.siteUrl("admin"));
    const marketing = await openTab(browser, street.siteUrl("marketing"));
    await admin.page.getByText("1.0.0").first().waitFor();
    const web = await openWeb("A");
    await street.deploy("web", "B");
    await web.notice.waitFor();
    await admin.page.getByText("1.1.0").first().waitFor();
    expect(await admin.notices()).toEqual([]);
    expect(admin.loads()).toBe(1);

    // What they are told of their own app they do hear, so they were not deaf.
    await street.deploy("marketing", "B");
    await street.deploy("admin", "B");
    await marketing.notice.waitFor();
    await admin.notice.waitFor();
    expect(await marketing.notices()).toEqual(["New version available"]);
    expect(await admin.notices()).toEqual(["New version available"]);
  });

  test("is offered to a tab whose first answer is already the new one", async () => {
    await street.record("web", "B");
    const tab = await openTab(browser, street.siteUrl("web"));
    await showsVariant(tab, "A");
    await street.publish("web", "B");
    await tab.notice.waitFor();
    expect(await tab.notices()).toEqual(["New version available"]);
    expect(tab.loads()).toBe(1);
  });

  test("with the same bytes is no news", async () => {
    const tab = await openWeb("A");
    const again = await street.deploy("web", "A", { notes: "The same bytes again" });
    expect(again).toMatchObject({ ok: true, kind: "redeploy", epoch: 1 });
    await tab.heard("The same bytes again");
    await street.deploy("web", "B");
    await tab.notice.waitFor();
    expect(await tab.notices()).toEqual(["New version available"]);
    expect(await tab.notice.textContent()).toContain("v1.1.0");
  });

  test("is offered again when a newer one follows, after Later hid the one before", async () => {
    const tab = await openWeb("A");
    const other = await openWeb("A", { context: tab.context });
    await street.deploy("web", "B");
    await tab.notice.waitFor();
    await other.notice.waitFor();
    await tab.notice.getByRole("button", { name: "Later" }).click();
    await tab.notice.waitFor({ state: "detached" });
    await other.notice.waitFor({ state: "detached" });

    await tab.page.reload();
    await showsVariant(tab, "B");
    await street.deploy("web", "C");
    await tab.notice.waitFor();
    await other.notice.waitFor();
    expect(await other.notice.textContent()).toContain("v1.2.0");
  });
});

describe("a rollback", () => {
  test("is offered to the tabs of the newer build, and withdraws the offer in the older ones", async () => {
    const older = await openWeb("A");
    await street.deploy("web", "B");
    await older.notice.waitFor();
    const newer = await openWeb("B");

    await street.deploy("web", "A", { allowRollback: true });
    await newer.notice.waitFor();
    expect(await newer.notices()).toEqual(["Rolled back to 1.0.0"]);
    await older.notice.waitFor({ state: "detached" });
    expect(await older.notices()).toEqual(["New version available"]);

    await newer.notice.getByRole("button", { name: "Refresh" }).click();
    await showsVariant(newer, "A");
    expect(older.loads()).toBe(1);
  });
});

describe("a tab that slept", () => {
  test("hears at once when it wakes up, though its socket is dead", async () => {
    let isDead = false;
    const tab = await openWeb("A", {
      withClock: true,
      prepare: (page) =>
        page.routeWebSocket(/\/sync$/, (socket) => {
          const server = socket.connectToServer();
          socket.onMessage((message) => void (isDead || server.send(message)));
          server.onMessage((message) => void (isDead || socket.send(message)));
        }),
    });
    isDead = true;
    await street.deploy("web", "B");
    expect(await tab.notices()).toEqual([]);
    await tab.page.clock.fastForward(40_000);
    await tab.context.setOffline(true);
    await tab.context.setOffline(false);
    await tab.notice.waitFor({ timeout: 5_000 });
  });
});

describe("the notice", () => {
  test("leaves the focus where it is, and works by keyboard", async () => {
    const tab = await openWeb("A");
    const field = tab.page.getByLabel("Title");
    await field.fill("Milk");
    await street.deploy("web", "B");
    await tab.notice.waitFor();
    expect(await field.evaluate((element) => element === document.activeElement)).toBe(true);

    const refresh = tab.notice.getByRole("button", { name: "Refresh" });
    while (!(await refresh.evaluate((element) => element === document.activeElement))) {
      await tab.page.keyboard.press("Tab");
    }
    await tab.page.keyboard.press("Escape");
    await tab.notice.waitFor({ state: "detached" });
    expect(await field.inputValue()).toBe("Milk");
    expect(tab.loads()).toBe(1);
  });
});
