/**
 * A page that FastAPI renders, in real Chromium: uvicorn, a gateway and a ledger, started and
 * deployed by the example's own scripts. Its versions are labels.
 */
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFailed, test } from "vitest";
import { ExampleRig } from "./fastapi/example-rig.js";
import { findPython } from "./fastapi/find-python.js";
import { launchChromium } from "./launch-chromium.js";

const python = await findPython();

let rig: ExampleRig;
let browser: Browser;

/** The page in a browser profile of its own. */
interface Visit {
  readonly context: BrowserContext;
  readonly page: Page;
  /** What the console said, policy reports included. */
  readonly console: string[];
  /** Resolves when the console has said it. */
  heard(text: string): Promise<void>;
}

async function visit(): Promise<Visit> {
  const context = await browser.newContext();
  const page = await context.newPage();
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  page.on("console", (message) => {
    lines.push(message.text());
    for (const check of waiting) check();
  });
  await page.goto(rig.addresses.page);
  const heard = (text: string) =>
    new Promise<void>((resolve) => {
      const check = () => {
        if (!lines.includes(text)) return;
        waiting.delete(check);
        resolve();
      };
      waiting.add(check);
      check();
    });
  return { context, page, console: lines, heard };
}

const toast = ({ page }: Visit) => page.locator('[part="title"]');
const versionOf = ({ page }: Visit) => page.locator("body").getAttribute("data-app-version");

describe.skipIf(python === null)("a page of FastAPI", () => {
  beforeAll(async () => {
    [rig, browser] = await Promise.all([ExampleRig.start("abc123"), launchChromium()]);
  });
  afterAll(async () => {
    await browser?.close();
    await rig?.dispose();
  });
  const showLogOnFailure = () => onTestFailed(() => console.error(rig.log));

  test("a new connection gets the required headers and the version at once", async () => {
    showLogOnFailure();
    const answer = await fetch(`${rig.addresses.gateway}/events/version`);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-cache",
      "x-accel-buffering": "no",
      connection: "keep-alive",
    });
    let stream = "";
    for await (const text of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      stream += text;
      if (/^data: .*\n\n/m.test(stream)) break;
    }
    expect(stream).toMatch(/^event: version_update\ndata: \{"type":"version","version":"abc123",/m);
    await rig.says("New SSE connection established, total clients: 1");
    await rig.says("First version sent: abc123");
    await rig.says("SSE connection closed, total clients: 0");

    const version = await fetch(`${rig.addresses.gateway}/version`);
    expect(await version.json()).toMatchObject({ version: "abc123", stale: false });
  });

  test("a new commit's name brings the toast, and Reload now brings the new page", async () => {
    showLogOnFailure();
    const tab = await visit();
    await tab.heard("SSE connection opened successfully");
    await tab.heard("Version update received: abc123 (current: abc123)");
    expect(await toast(tab).count()).toBe(0);

    expect(await rig.deploy("def456")).toContain("Recorded fastapi def456");
    await tab.heard("Version update received: def456 (current: abc123)");
    await tab.heard("New version available: def456 - showing reload toast");
    await toast(tab).getByText("New version available").waitFor();
    expect(await versionOf(tab)).toBe("abc123");

    await tab.page.getByRole("button", { name: "Reload now" }).click();
    await tab.page.locator('body[data-app-version="def456"]').waitFor();
    await tab.heard("Version update received: def456 (current: def456)");
    expect(await toast(tab).count()).toBe(0);
    // Neither the page's policy nor the other origin of its gateway stopped anything.
    expect(tab.console.filter((line) => /policy|refused|error/i.test(line))).toEqual([]);
    await tab.context.close();
    await rig.says("SSE connection closed, total clients: 0");
  });

  test("three browser profiles are three clients, and all show the toast", async () => {
    showLogOnFailure();
    const before = rig.log.length;
    const tabs: Visit[] = [];
    for (const number of [1, 2, 3]) {
      const tab = await visit();
      await tab.heard("Version update received: def456 (current: def456)");
      expect(rig.log.slice(before)).toContain(
        `New SSE connection established, total clients: ${number}`,
      );
      tabs.push(tab);
    }

    await rig.deploy("fed789");
    for (const tab of tabs) {
      await toast(tab).getByText("New version available").waitFor();
      await tab.heard("New version available: fed789 - showing reload toast");
    }
    await Promise.all(tabs.map(({ context }) => context.close()));
  });

  test("Ctrl-C ends the page, the gateway and the script", async () => {
    const { page, gateway } = rig.addresses;
    expect(await rig.interrupt()).toBe(0);
    for (const address of [page, gateway]) await expect(fetch(address)).rejects.toThrow();
  });
});
