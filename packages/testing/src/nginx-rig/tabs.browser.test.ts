/** Ten tabs of one page over HTTP/1.1, through nginx with the documented block. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildPageScript } from "../../../../scripts/build-page-script.js";
import { launchChromium } from "../launch-chromium.js";
import { type BehindNginx, startBehindNginx } from "./behind-nginx.js";
import { findNginx } from "./find-nginx.js";

const program = await findNginx();
const TABS = 10;

let rig: BehindNginx;
let browser: Browser;

describe.skipIf(program === null)("ten tabs over HTTP/1.1 through nginx", () => {
  beforeAll(async () => {
    // The gateways give out what is built.
    await buildPageScript(new AbortController().signal);
    rig = await startBehindNginx(program ?? "", {
      application: (_request, response) => {
        response.writeHead(200, { "content-type": "text/html", "cache-control": "no-store" });
        response.end(
          '<!doctype html><title>Shop</title><body data-app-version="v1"><script src="/tideline.js" data-app="web" data-environment="production"></script>',
        );
      },
    });
    await rig.ledger.record("v1");
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await rig?.close();
  });

  test("each document answers within 1 s, one stream is open, and all tabs hear of a new version", async () => {
    const context = await browser.newContext();
    const lines: string[] = [];
    const pages: Page[] = [];
    for (let tab = 0; tab < TABS; tab++) {
      const page = await context.newPage();
      page.on("console", (message) => lines.push(message.text()));
      const heard = page.waitForEvent("console", (message) =>
        message.text().startsWith("Version update received: v1 "),
      );
      await page.goto(rig.url);
      const { protocol, answeredMs } = await page.evaluate(() => {
        const [entry] = performance.getEntriesByType("navigation");
        const { nextHopProtocol, responseEnd } = entry as PerformanceNavigationTiming;
        return { protocol: nextHopProtocol, answeredMs: responseEnd };
      });
      expect(protocol).toBe("http/1.1");
      expect(answeredMs, `tab ${tab + 1}`).toBeLessThan(1000);
      await heard;
      pages.push(page);
    }
    const clients = await Promise.all(rig.gateways.map((gateway) => gateway.clients()));
    expect(clients.sort()).toEqual([0, 1]);
    expect(lines.filter((line) => line === "SSE connection opened successfully")).toHaveLength(1);

    const told = pages.map((page) =>
      page.waitForEvent("console", (message) =>
        message.text().startsWith("Version update received: v2 (current: v1)"),
      ),
    );
    await rig.ledger.record("v2");
    await Promise.all(told);
  });
});
