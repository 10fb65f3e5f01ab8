import { type Browser, chromium, type LaunchOptions } from "playwright-core";
import { findChromium } from "./find-chromium.js";

/** Starts a headless Chromium with an empty profile that talks to nobody but the pages it opens. */
export async function launchChromium(options: LaunchOptions = {}): Promise<Browser> {
  return await chromium.launch({
    ...options,
    executablePath: await findChromium(),
    headless: true,
    // Chromium's sandbox refuses root, which is who runs in most containers.
    chromiumSandbox: process.getuid?.() !== 0,
    args: [
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}
