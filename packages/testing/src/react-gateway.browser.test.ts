/** React apps that watch through the gateway: a real ledger, a real gateway at another origin. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type RunningGateway, startGateway } from "@tideline/gateway";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fakeStamp } from "./fake-ledger.js";
import { bundle } from "./gateway-rig/bundle.js";
import { launchChromium } from "./launch-chromium.js";
import { LedgerRig } from "./ledger-rig.js";

let ledger: LedgerRig;
let running: RunningGateway;
let site: Server;
let siteUrl: string;
let browser: Browser;
let context: BrowserContext;
let served = "a1";
const complaints: string[] = [];

beforeAll(async () => {
  const script = await bundle("react-page.tsx");
  site = createServer((request, response) => {
    if (request.url === "/page.js") {
      response.writeHead(200, { "Content-Type": "text/javascript" }).end(script);
      return;
    }
    response.writeHead(200, { "Content-Type": "text/html; charset=utf-8" }).end(
      `<!doctype html><html lang="en" data-gateway="${running.url}"><link rel="icon" href="data:,">
      <meta name="tideline-build" content='${JSON.stringify(fakeStamp(served))}'>
      <title>App</title><body><script type="module" src="/page.js"></script></body></html>`,
    );
  });
  await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve));
  siteUrl = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
  ledger = await LedgerRig.create();
  await ledger.record("a1");
  running = await startGateway({
    convexUrl: ledger.url,
    targets: [{ appName: "web", environment: "production" }],
    allowedOrigins: [siteUrl],
    port: 0,
  });
  browser = await launchChromium();
  context = await browser.newContext();
});
afterAll(async () => {
  await browser?.close();
  await running?.close();
  await ledger?.dispose();
  site?.close();
});

async function openTab(): Promise<Page> {
  const page = await context.newPage();
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    if (/warning|error/.test(message.type())) complaints.push(message.text());
  });
  await page.goto(siteUrl);
  return page;
}

const says = (page: Page, version: string) =>
  page.locator("output", { hasText: version }).waitFor();

test("two tabs of a React app hear through one stream, offer the new build, and have it after Refresh", async () => {
  const tabs = [await openTab(), await openTab()];
  for (const tab of tabs) await says(tab, "a1");
  // Two components of two tabs.
  expect(running.gateway.clients).toBe(1);

  served = "b2";
  await ledger.record("b2");
  for (const tab of tabs) {
    await says(tab, "b2");
    await tab.getByRole("region", { name: "New version available" }).waitFor();
  }
  expect(running.gateway.clients).toBe(1);

  const [leader, follower] = tabs as [Page, Page];
  await leader.getByRole("button", { name: "Refresh" }).click();
  await expect
    .poll(() => leader.getByRole("region").count(), { message: "notices after Refresh" })
    .toBe(0);
  await says(leader, "b2");

  // Now one tab runs a1 and one b2; each is told of itself, over one stream.
  served = "c3";
  await ledger.record("c3");
  for (const tab of [leader, follower]) {
    await says(tab, "c3");
    await tab.getByRole("region", { name: "New version available" }).waitFor();
  }
  await expect.poll(() => running.gateway.clients).toBe(1);
  expect(complaints).toEqual([]);
});
