/**
 * How long after a deployment is recorded a real Chromium tab offers it.
 *
 *   npm run bench -- notice-latency            50 deployments
 *   npm run bench -- notice-latency --quick    10
 *
 * One tab of the app web, on loopback, with the real host, ledger and CLI. Build B is served and
 * recorded, and then build A again, so that each deployment of B finds a tab without an offer. The
 * clock of the page and ours are the same machine's. Two figures: from the moment the record is sent
 * (it includes the commit and its disk), and from the moment its answer is here.
 *
 * How it could mislead: a busy machine delays Chromium more than Tideline does; one tab says
 * nothing of many (see packages/embedded/bench); the host is on loopback, so the look at the page's
 * own document, which is part of the figure, costs less than over a network.
 */
import { launchChromium } from "../src/launch-chromium.js";
import { openTab } from "../src/open-tab.js";
import { makeRig } from "../src/release-rig.js";

const LIMIT_P95_MS = 250;
const ROUNDS = process.argv.includes("--quick") ? 10 : 50;

const rig = await makeRig({ web: ["A", "B"] });
const street = await rig.openStreet();
const browser = await launchChromium();
try {
  await street.deploy("web", "A");
  const tab = await openTab(browser, street.siteUrl("web"), {
    // In the page, when the notice is there: asking from here would cost a round trip.
    prepare: async (page) => {
      await page.addInitScript(() => {
        new MutationObserver(() => {
          const isThere = document.querySelector(
            '[data-tideline-part="notice"]:not([data-leaving])',
          );
          const known = Reflect.get(window, "rigOfferedAt") as number | undefined;
          if (isThere && known === undefined) Reflect.set(window, "rigOfferedAt", Date.now());
          if (!isThere) Reflect.set(window, "rigOfferedAt", undefined);
        }).observe(document, { subtree: true, childList: true, attributes: true });
      });
    },
  });
  await tab.heard((await street.stampOf("web", "A")).buildId);
  await street.publish("web", "B");

  const fromSent: number[] = [];
  const fromAnswer: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const sentAt = Date.now();
    const answer = await street.record("web", "B", { allowRollback: true });
    const answeredAt = Date.now();
    if (!answer.ok) throw new Error(answer.message);
    await tab.notice.waitFor();
    const offeredAt = await tab.page.evaluate(() => Reflect.get(window, "rigOfferedAt") as number);
    fromSent.push(offeredAt - sentAt);
    fromAnswer.push(Math.max(0, offeredAt - answeredAt));
    await street.record("web", "A", { allowRollback: true });
    await tab.notice.waitFor({ state: "detached" });
  }
  const p95 = quantile(fromSent, 0.95);
  print("record sent  -> hasUpdate", fromSent);
  print("record known -> hasUpdate", fromAnswer);
  console.log(
    `limit: p95 under ${LIMIT_P95_MS} ms from the sending: ${p95 < LIMIT_P95_MS ? "met" : "MISSED"}`,
  );
  if (p95 >= LIMIT_P95_MS) process.exitCode = 1;
} finally {
  await browser.close();
  await street.close();
  await rig.remove();
}

function print(name: string, times: readonly number[]): void {
  const [p50, p95, max] = [0.5, 0.95, 1].map((share) => quantile(times, share).toFixed(0));
  console.log(
    `${name}  p50 ${p50} ms  p95 ${p95} ms  max ${max} ms  (${times.length} deployments)`,
  );
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}
