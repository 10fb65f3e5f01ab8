/** Ten tabs of one page through nginx with the documented block. */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { buildPageScript } from "../../../../scripts/build-page-script.js";
import { findProgram } from "../find-program.js";
import { launchChromium } from "../launch-chromium.js";
import { type BehindNginx, type BehindOptions, startBehindNginx } from "./behind-nginx.js";
import { documentedTls } from "./documented-block.js";
import { findNginx } from "./find-nginx.js";
import { freePort } from "./nginx.js";

const program = await findNginx();
const TABS = 10;

const PAGE =
  '<!doctype html><title>Shop</title><body data-app-version="v1"><script src="/tideline.js" data-app="web" data-environment="production"></script>';

let browser: Browser;
let rig: BehindNginx | undefined;

describe.skipIf(program === null)("ten tabs through nginx", () => {
  beforeAll(async () => {
    // The gateways give out what is built.
    await buildPageScript(new AbortController().signal);
    browser = await launchChromium();
  });
  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
    await rig?.close();
    rig = undefined;
  });
  afterAll(() => browser?.close());

  async function start(options: BehindOptions = {}): Promise<BehindNginx> {
    const started = await startBehindNginx(program ?? "", {
      ...options,
      application: (_request, response) => {
        response.writeHead(200, { "content-type": "text/html", "cache-control": "no-store" });
        response.end(PAGE);
      },
    });
    rig = started;
    await started.ledger.record("v1");
    return started;
  }

  const hears = (page: Page, version: string) =>
    page.waitForEvent("console", (message) =>
      message.text().startsWith(`Version update received: ${version} (current: v1)`),
    );

  /** Opens the tabs one after the other, and sees that each document comes within 1 s. */
  async function openTabs(url: string, protocol: string): Promise<readonly Page[]> {
    const context = await browser.newContext({ ignoreHTTPSErrors: true });
    const pages: Page[] = [];
    for (let tab = 1; tab <= TABS; tab++) {
      const page = await context.newPage();
      const heard = hears(page, "v1");
      await page.goto(url);
      const seen = await page.evaluate(() => {
        const [entry] = performance.getEntriesByType("navigation");
        const { nextHopProtocol, responseEnd } = entry as PerformanceNavigationTiming;
        return { protocol: nextHopProtocol, answeredMs: responseEnd };
      });
      expect(seen.protocol).toBe(protocol);
      expect(seen.answeredMs, `tab ${tab}`).toBeLessThan(1000);
      await heard;
      pages.push(page);
    }
    return pages;
  }

  /** Sees that one stream serves all tabs. */
  async function shareOneStream(
    { gateways, ledger }: BehindNginx,
    pages: readonly Page[],
  ): Promise<void> {
    const clients = await Promise.all(gateways.map((gateway) => gateway.clients()));
    expect(clients.sort()).toEqual([0, 1]);
    const told = Promise.all(pages.map((page) => hears(page, "v2")));
    await ledger.record("v2");
    await told;
  }

  test("over HTTP/1.1 each document answers within 1 s, one stream is open, and all hear of a new version", async () => {
    const started = await start();
    await shareOneStream(started, await openTabs(started.url, "http/1.1"));
  });

  test("and so over HTTP/2, as documented", async () => {
    const folder = await mkdtemp(join(tmpdir(), "tideline-tls-"));
    try {
      const files = await makeCertificate(folder);
      const port = await freePort();
      const tls = await documentedTls(port, files);
      const started = await start({ changes: [["server_name example.com;", tls]] });
      await shareOneStream(started, await openTabs(`https://127.0.0.1:${port}`, "h2"));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

/** Makes a certificate that nobody has signed. */
async function makeCertificate(folder: string) {
  const files = { certificate: join(folder, "site.pem"), key: join(folder, "site.key") };
  const openssl = await findProgram("openssl", "over TLS");
  await promisify(execFile)(openssl, [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
    ...["-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"],
    ...["-keyout", files.key, "-out", files.certificate],
  ]);
  return files;
}
