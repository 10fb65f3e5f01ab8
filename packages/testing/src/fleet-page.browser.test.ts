/** The fleet's page in a browser: real releases and reports on a real ledger, and the real commands. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { buildApp } from "../../../scripts/build-app.js";
import { pointTo, releaseFolder } from "../../../scripts/releases.js";
import { startSiteHost } from "../../../scripts/site-host.js";
import { axeFindings } from "./axe-findings.js";
import { launchChromium } from "./launch-chromium.js";
import { FLEET_TOKENS, LedgerRig } from "./ledger-rig.js";
import { LiveFleet, type LiveMachine } from "./live-fleet.js";
import { openTab, type Tab, type TabOptions } from "./open-tab.js";
import { runSync } from "./sync-process.js";

// Stands in the built page for the address of whichever ledger a test has.
const LEDGER = "http://127.0.0.1:65535";

let folder: string;
let host: Awaited<ReturnType<typeof startSiteHost>>;
let browser: Browser;
let fleet: LiveFleet;
let cwd: string;
let machines: LiveMachine[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tideline-fleet-page-"));
  const outDir = releaseFolder(folder, 1);
  await buildApp({ appName: "admin", root: "apps/admin", outDir, convexUrl: LEDGER });
  await pointTo(folder, 1);
  host = await startSiteHost(folder, 0, "--port");
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
  await host?.close();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  fleet = await LiveFleet.create();
  cwd = await fleet.operatorFolder();
  machines = [];
  for (const n of [1, 2, 3]) machines.push(await fleet.enrol(`workshop-${n}`));
});
afterEach(async () => {
  for (const context of browser.contexts()) await context.close();
  await fleet.dispose();
});

/** Opens the page of the present fleet. */
function openPage(hash = `#fleet-token=${FLEET_TOKENS.view}`, options: TabOptions = {}) {
  return openAt(fleet.ledger.url, hash, options);
}

async function openAt(url: string, hash: string, options: TabOptions = {}): Promise<Tab> {
  return await openTab(browser, `${host.url}/?page=fleet${hash}`, {
    ...options,
    prepare: async (page) => {
      await page.route("**/assets/*.js", async (route) => {
        const response = await route.fetch();
        const body = (await response.text()).replaceAll(LEDGER, url);
        await route.fulfill({ response, body });
      });
      await options.prepare?.(page);
    },
  });
}

const card = (page: Page) => page.getByRole("article", { name: "nats" });
const rows = (page: Page) => page.getByRole("list", { name: /^Machines/ }).locator("[data-row]");

/** Has release 1 reach every ring. */
async function settle(): Promise<void> {
  await Promise.all(machines.map((machine) => machine.runs({ seq: 1, version: "2.10.24" })));
  await fleet.publish(1, "2.10.24");
  await Promise.all(machines.map((machine) => machine.tries(1, "2.10.24", ["committed"])));
  await expect.poll(async () => (await fleet.view()).subsystems[0]?.settled?.seq).toBe(1);
}

/** Runs a command as the page shows it, in the operator's folder. */
async function runShown(page: Page, action: string, note = ""): Promise<readonly string[]> {
  await card(page)
    .getByRole("button", { name: `${action} nats in stable` })
    .click();
  const panel = card(page).getByRole("region", { name: `${action} nats in stable` });
  const command = (await panel.getByRole("code").innerText()).replace("…", note);
  const words = [...command.matchAll(/'([^']*)'|(\S+)/g)].map(
    (match) => match[1] ?? match[2] ?? "",
  );
  expect(words[0]).toBe("tideline-sync");
  const env = { TIDELINE_FLEET_TOKEN: FLEET_TOKENS.operator };
  const { code, lines } = await runSync(words.slice(1), { cwd, env });
  expect(code, lines.join("\n")).toBe(0);
  return lines;
}

test("Show 9: a breaking major version waits, and goes when tideline-sync approve lets it", async () => {
  await settle();
  const tab = await openPage();
  const { page } = tab;
  await card(page).getByText("Settled", { exact: true }).first().waitFor();

  const answer = await fleet.publish(2, "3.0.0", { updateClass: "major" });
  expect(answer).toMatchObject({ ok: true, mode: "waiting-for-approval" });
  await card(page).getByRole("status").getByText("Waits for approval").waitFor();
  await card(page).getByText("release 2, major").waitFor();
  await card(page).getByText("tideline-sync approve nats lets the major version go").waitFor();
  expect(await fleet.mayStart(machines)).toEqual([]);

  const lines = await runShown(page, "Approve");
  expect(lines).toEqual(['3.0.0 (release 2) of "nats" is approved for channel "stable"']);
  await card(page).getByRole("status").getByText("Rolling out").waitFor();
  await page.getByText("Approved nats 3.0.0 (release 2) in stable").waitFor();
  await expect.poll(async () => (await fleet.mayStart(machines)).length).toBe(3);

  const [first, ...others] = machines;
  await first?.tries(2, "3.0.0", ["downloading", "soaking"]);
  await card(page).getByText("0 of 3 responded · 1 in progress").waitFor();
  await rows(page).filter({ hasText: "Being watched" }).waitFor();
  await first?.tries(2, "3.0.0", ["committed"]);
  await card(page).getByText("1 of 3 responded · 1 succeeded").waitFor();
  await Promise.all(others.map((machine) => machine.tries(2, "3.0.0", ["committed"])));
  await card(page).getByRole("status").getByText("Settled").waitFor();
  await card(page).getByText("3.0.0", { exact: true }).waitFor();
  expect(await rows(page).filter({ hasText: "3.0.0" }).count()).toBe(3);
  expect(tab.loads()).toBe(1);
});

test("a rollout is halted, resumed and paused by the commands that the page shows", async () => {
  await settle();
  await fleet.publish(2, "2.10.25");
  const { page } = await openPage();
  await card(page).getByRole("status").getByText("Rolling out").waitFor();
  await runShown(page, "Halt", "loses messages");
  await card(page).getByRole("status").getByText("Halted").waitFor();
  await card(page).getByText("loses messages").waitFor();
  await card(page).getByText("Look at the failed machines; then publish a fix").waitFor();
  await runShown(page, "Resume");
  await card(page).getByRole("status").getByText("Rolling out").waitFor();
  await runShown(page, "Pause", "see #12");
  await card(page).getByRole("status").getByText("Paused").waitFor();
  const audit = page.getByRole("list", { name: "What was done, newest first" });
  expect(await audit.getByRole("listitem").allInnerTexts()).toEqual([
    expect.stringMatching(/^Paused nats 2\.10\.25 \(release 2\) in stable: see #12\s+Operator/),
    expect.stringMatching(/^Resumed/),
    expect.stringMatching(/^Halted nats .*: loses messages\s+Operator/),
    ...[expect.any(String), expect.any(String)],
  ]);
});

test("a canary that fails halts the rollout, and the page says where, why and what to do", async () => {
  await settle();
  await fleet.publish(2, "2.10.25");
  await expect.poll(async () => (await fleet.mayStart(machines)).length).toBe(3);
  const { page } = await openPage();
  const detail = "Port 4222 did not answer within 30 s";
  await machines[1]?.tries(2, "2.10.25", ["downloading", "soaking", "rolled-back"], {
    detail,
  });
  await card(page).getByRole("status").getByText("Halted").waitFor();
  const why = card(page).getByRole("list", { name: "Why machines failed" });
  expect(await why.innerText()).toMatch(
    /^Not ready on workshop-2\. Look at the service's log; the version was not ready in time/,
  );
  await page.getByRole("button", { name: "Failed 1" }).click();
  // It runs again what it ran before.
  expect((await rows(page).allInnerTexts()).map((text) => text.split(/\s+/).join(" "))).toEqual([
    expect.stringMatching(/^workshop-2 .*nats 2\.10\.24 #1 .* Rolled back 2\.10\.25: Not ready/),
  ]);
  await page.getByRole("button", { name: "workshop-2" }).click();
  await rows(page).getByText(detail).waitFor();
});

test("a machine that was served other bytes is flagged, and found by one click", async () => {
  await settle();
  const { page } = await openPage();
  await rows(page).first().waitFor();
  await machines[2]?.runs({ seq: 1, version: "2.10.24", sha256: "e".repeat(64) });
  await page
    .getByRole("button", {
      name: "Show it: 1 machine runs other bytes than the release that it names",
    })
    .click();
  expect(await rows(page).allInnerTexts()).toEqual([
    expect.stringContaining("Other bytes than release 1"),
  ]);
  expect(page.url()).toMatch(/\?page=fleet&state=outlier$/);
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await page.getByText("Its sha256 is not what release 1 has for linux-x64-glibc").waitFor();
});

test("the token leaves the address at once and is in no request's, and stays with the tab alone", async () => {
  await settle();
  const addresses: string[] = [];
  const { page, context } = await openPage(undefined, {
    prepare: async (page) => {
      page.on("request", (request) => {
        addresses.push(request.url(), JSON.stringify(request.headers()));
      });
    },
  });
  await rows(page).first().waitFor();
  expect(page.url()).toBe(`${host.url}/?page=fleet`);
  expect(addresses.join("\n")).not.toContain(FLEET_TOKENS.view);
  await page.reload();
  await rows(page).first().waitFor();
  const other = await openPage("", { context });
  await other.page.getByLabel("View token").waitFor();
  await page.getByRole("button", { name: "Forget the token" }).click();
  await page.getByLabel("View token").waitFor();
  expect(await page.evaluate(() => [sessionStorage.length, localStorage.length])).toEqual([0, 0]);
});

test("a wrong token is said to be wrong, and the right one after it shows the fleet", async () => {
  await settle();
  const { page } = await openPage("");
  const field = page.getByLabel("View token");
  await field.fill("not-the-token-of-this-fleet");
  await field.press("Enter");
  await page.getByRole("heading", { name: "The ledger does not know this token" }).waitFor();
  expect(await page.getByRole("alert").innerText()).toContain("misspelt, or was replaced");
  expect(await field.getAttribute("aria-invalid")).toBe("true");
  await field.fill(FLEET_TOKENS.view);
  await page.getByRole("button", { name: "Show the fleet" }).click();
  await rows(page).first().waitFor();
  expect(await rows(page).count()).toBe(3);
});

test("a ledger without a fleet says what begins one, before it asks for any token", async () => {
  const names = ["TOKEN", "READ_TOKEN", "VIEW_TOKEN", "ENROL_TOKEN"].map(
    (name) => `TIDELINE_FLEET_${name}`,
  );
  const bare = await LedgerRig.create(Object.fromEntries(names.map((name) => [name, ""])));
  try {
    const { page } = await openAt(bare.url, "");
    await page.getByRole("heading", { name: "No fleet on this ledger yet" }).waitFor();
    const commands = await page.getByRole("code").allInnerTexts();
    for (const name of names) {
      expect(commands).toContain(`npx convex env set ${name} "$(openssl rand -hex 32)"`);
    }
  } finally {
    await bare.dispose();
  }
});

test("while the ledger is away the fleet stays on screen, and goes on when it is back", async () => {
  await settle();
  const { page } = await openPage();
  await rows(page).first().waitFor();
  await fleet.ledger.stop();
  await page.getByText("Reconnecting…").waitFor();
  expect(await rows(page).count()).toBe(3);
  await fleet.ledger.start();
  await page.getByText("Reconnecting…").waitFor({ state: "detached" });
  await fleet.publish(2, "2.10.25");
  await card(page).getByRole("status").getByText("Rolling out").waitFor();
});

test("120 machines: pages by keyboard, and no row moves under the reader", async () => {
  const many: LiveMachine[] = [];
  for (let n = 100; n < 220; n += 40) {
    const some = Array.from({ length: 40 }, (_, i) => fleet.enrol(`shop-${n + i}`));
    many.push(...(await Promise.all(some)));
  }
  await fleet.publish(1, "2.10.24");
  for (let n = 0; n < many.length; n += 40) {
    const some = many.slice(n, n + 40);
    await Promise.all(some.map((machine) => machine.runs({ seq: 1, version: "2.10.24" })));
  }
  const { page } = await openPage();
  await page.getByRole("heading", { name: "Machines 123" }).waitFor();
  expect(await rows(page).count()).toBe(100);

  // What comes in above: an earlier name, and a rollout that takes room.
  const watched = page.getByRole("button", { name: "shop-150" });
  await watched.evaluate((button) => button.scrollIntoView({ block: "center" }));
  const top = () => watched.evaluate((button) => button.getBoundingClientRect().top);
  const before = await top();
  await (await fleet.enrol("aaa-first")).runs({ seq: 1, version: "2.10.24" });
  await fleet.publish(2, "3.0.0", { updateClass: "major" });
  await page.getByRole("heading", { name: "Machines 124" }).waitFor();
  await card(page).getByText("Wants to go out").or(card(page).getByText("meanwhile")).waitFor();
  expect(Math.abs((await top()) - before)).toBeLessThan(1);

  const more = page.getByRole("button", { name: "Show 24 more of 24" });
  await more.focus();
  await page.keyboard.press("Enter");
  expect(await rows(page).count()).toBe(124);
  const focused = () => page.evaluate(() => document.activeElement?.textContent);
  const names = await page.locator("[data-row] [data-row-button]").allInnerTexts();
  expect(await focused()).toBe(names[100]);
  await page.keyboard.press("k");
  expect(await focused()).toBe(names[99]);
  await page.keyboard.press("/");
  await page.keyboard.type("shop-219");
  await expect.poll(() => rows(page).count()).toBe(1);
  await page.keyboard.press("Escape");
  await expect.poll(() => rows(page).count()).toBe(124);
});

test("of more than 500 machines those that reported last are shown, and all of them on request", async () => {
  for (let n = 0; n < 520; n += 40) {
    await Promise.all(Array.from({ length: 40 }, (_, i) => fleet.enrol(`shop-${1_000 + n + i}`)));
  }
  const { page } = await openPage();
  await page.getByRole("heading", { name: "Machines 500" }).waitFor();
  await page.getByText("These are the 500 machines that reported last.").waitFor();
  await page.getByRole("button", { name: "Load all machines" }).click();
  await page.getByRole("heading", { name: "Machines 523" }).waitFor();
  await page.getByLabel("Filter the machines").fill("workshop-3");
  await expect.poll(() => rows(page).count()).toBe(1);
  // The list goes on being live.
  await machines[2]?.runs({ seq: 1, version: "2.10.24" });
  await rows(page).getByText("2.10.24").waitFor();
});

describe.each(["light", "dark"] as const)("in %s", (colorScheme) => {
  test.each([375, 768, 1440])(
    "nothing is wrong with it by axe, and %i px are wide enough",
    async (width) => {
      await settle();
      await fleet.publish(2, "2.10.25");
      await expect.poll(async () => (await fleet.mayStart(machines)).length).toBe(3);
      await machines[0]?.tries(2, "2.10.25", ["rolled-back"], { detail: "x".repeat(300) });
      await machines[1]?.runs({ seq: 1, version: "2.10.24", sha256: "e".repeat(64) });
      await fleet.enrol("a-machine-that-somebody-thought-should-have-quite-a-long-name-".repeat(1));
      await fleet.publish(3, `4.0.0-nightly.20261121203000+${"0123456789abcdef".repeat(2)}`, {
        updateClass: "major",
      });
      const contextOptions = {
        ...{ colorScheme, reducedMotion: "reduce" as const },
        viewport: { width, height: 900 },
      };
      const { page } = await openPage(undefined, { contextOptions });
      await card(page).getByRole("status").getByText("Halted").waitFor();
      await page.getByText("Other bytes than release 1").waitFor();
      await card(page).getByRole("button", { name: "Revert nats in stable" }).click();
      for (const name of ["workshop-1", "workshop-2"]) {
        await page.getByRole("button", { name, exact: true }).click();
        expect(await axeFindings(page)).toEqual([]);
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
      }
    },
  );
});
