/** The two commands of the README, run as they are, on a copy of this repository's apps. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { launchChromium } from "./launch-chromium.js";
import { LocalRig, PORT_OPTIONS } from "./local-rig.js";
import { openTab, type Tab } from "./open-tab.js";

const MARKETING = "apps/marketing/index.html";

let rig: LocalRig;
let browser: Browser;

beforeAll(async () => {
  // What a pipeline exported is about another commit than the one here.
  const exported = { GITHUB_SHA: "f".repeat(40), GITHUB_RUN_NUMBER: "7", GIT_TAG: "v9" };
  rig = await LocalRig.create({ ...exported, CI: "1", TIDELINE_ENVIRONMENT: "local" });
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
  await rig?.dispose();
});
beforeEach(async () => await rig.start());

test("three addresses open, and the official CLI finds the history", async () => {
  for (const url of Object.values(rig.addresses.apps)) {
    const response = await fetch(url);
    expect([response.status, response.headers.get("cache-control")]).toEqual([200, "no-cache"]);
    expect(await response.text()).toContain("tideline-build");
  }
  const table = await rig.run("npx", "convex", "data", "deployments");
  expect(table.said).toContain('"marketing"');
  const target = JSON.stringify({ appName: "web", environment: "local" });
  const list = await rig.run("npx", "convex", "run", "deployments:listDeployments", target);
  expect(list.said).toContain('"version": "0.1.0+1"');
});

test("the fleet's link shows an empty fleet, and no address or page keeps its token", async () => {
  const [, link = ""] = /^ {4}fleet +(http:\S+)$/m.exec(rig.welcome) ?? [];
  const { page } = await openTab(browser, link);
  await page.getByText("tideline-sync enrol --url").waitFor();
  const token = link.split("#fleet-token=")[1] ?? "";
  expect(token).toMatch(/^[0-9a-f]{64}$/);
  expect([page.url(), await page.content()].join("\n")).not.toContain(token);
  // As the page says to somebody who has lost the link.
  const shown = await rig.run("cat", ".tideline/fleet-view-token");
  expect(shown.said.trim()).toBe(token);
  for (const context of browser.contexts()) await context.close();
});

test("a deployment reaches the tabs of its app, and going back reaches them too", async () => {
  const web = await openTab(browser, rig.addresses.apps.web);
  const admin = await openTab(browser, rig.addresses.apps.admin);
  const marketing = await openTab(browser, rig.addresses.apps.marketing);
  await admin.page.getByText("0.1.0+1").first().waitFor();
  await web.heard('"0.1.0+1"');

  await rig.rename("Tidepool", "Rockpool");
  await rig.commit("two");
  const deployed = await rig.script("deploy", "web");
  expect(deployed.said).toMatch(/^0\.1\.0\+2 \([0-9a-f]{12}\) of web is live: recorded as deploy/);
  await web.notice.waitFor();
  await web.notice.getByRole("button", { name: "Refresh" }).click();
  await web.page.getByText("Rockpool", { exact: true }).waitFor();
  expect(await web.notices()).toEqual([]);
  await admin.page.getByText("0.1.0+2").first().waitFor();
  expect([await admin.notices(), await marketing.notices()]).toEqual([[], []]);
  expect([web.loads(), admin.loads(), marketing.loads()]).toEqual([2, 1, 1]);

  const again = await rig.script("deploy", "web");
  expect(again.said).toContain("Nothing changed: the same bytes are live already");
  expect(await web.notices()).toEqual([]);

  const back = await rig.script("deploy", "web", "--rollback");
  expect(back.said).toContain("0.1.0+1");
  expect(back.said).toContain("recorded as rollback");
  await web.notice.waitFor();
  expect(await web.notices()).toEqual(["Rolled back to 0.1.0+1"]);

  // Forward again, to a commit that was live before: whoever deploys by hand means it.
  const forward = await rig.script(
    "deploy",
    "web",
    "--severity",
    "critical",
    "--notes",
    "Once more",
  );
  expect([forward.code, forward.said]).toEqual([0, expect.stringContaining("is live")]);
  for (const context of browser.contexts()) await context.close();
});

test("the README's round with edits that are in no commit: there, back, forward, and kept", async () => {
  const before = await rig.script("deploy", "web");
  const live = before.said.split(" ", 1)[0] ?? "";
  const web = await openTab(browser, rig.addresses.apps.web);
  const follow = async (notice: string) => {
    await web.notice.waitFor();
    expect(await web.notices()).toEqual([notice]);
    await web.notice.getByRole("button", { name: "Refresh" }).click();
    await web.notice.waitFor({ state: "detached" });
  };

  await rig.rename("Rockpool", "Saltmarsh");
  const there = await rig.script("deploy", "web");
  expect(there.said).toMatch(/\([0-9a-f]{12}-dirty\) of web is live: recorded as deploy/);
  await follow("New version available");
  const back = await rig.script("deploy", "web", "--rollback");
  expect(back.said).toContain("recorded as rollback");
  await follow(`Rolled back to ${live}`);

  // Only a deployment changes what is live, also when npm start finds the edit again.
  const [kept, url] = [await rig.releases("web"), rig.addresses.url];
  await rig.stop();
  await rig.start(new URL(url).port);
  expect(rig.welcome).toContain(`web stays at ${live} (`);
  expect(rig.welcome).toContain("npm run deploy -- web deploys it");
  expect(await rig.releases("web")).toEqual(kept);
  expect(await (await fetch(rig.addresses.apps.web)).text()).toContain(`&quot;${live}&quot;`);

  // Further back, where the commit here is one that was live before.
  expect((await rig.script("deploy", "web", "--rollback")).said).toContain("recorded as rollback");
  await rig.rename("Saltmarsh", "Estuary");
  const fix = await rig.script("deploy", "web");
  expect(fix.said).toContain("recorded as deploy");
  const list = JSON.stringify({ appName: "web", environment: "local" });
  const history = await rig.run("npx", "convex", "run", "deployments:listDeployments", list);
  expect(history.said).not.toContain("ffffff");
  await rig.run("git", "checkout", "--", "apps");
  for (const context of browser.contexts()) await context.close();
});

test.each([
  [["foo"], 'Cannot deploy "foo": expected one of web, admin, marketing'],
  [[], "Cannot deploy: no app is named, expected one of web, admin, marketing"],
  [["web", "--to", "99"], 'Cannot go to release "99": expected one of '],
  [["marketing", "--rollback"], "Cannot go back: there is no older release with another build"],
  [["web", "--rollback", "--to", "1"], "Cannot use --rollback and --to together"],
  [["web", "--severity", "high"], 'Cannot use "high" for --severity'],
  [["web", "--nonsense"], "Unknown option '--nonsense'; see npm run deploy -- --help"],
])("npm run deploy -- %j is one sentence", async (args, sentence) => {
  const { code, said } = await rig.script("deploy", ...args);
  expect(said).toContain(sentence);
  expect([code, said.trim().split("\n").length]).toEqual([1, 1]);
});

test("a build that fails changes nothing", async () => {
  const before = await rig.releases("web");
  await writeFile(join(rig.folder, "apps/web/src/header.tsx"), "export const Header = ;");
  const { code, said } = await rig.script("deploy", "web");
  await rig.run("git", "checkout", "--", "apps");
  expect([code, said]).toEqual([1, expect.stringContaining("Cannot build web")]);
  expect(said.trimEnd().split("\n").at(-1)).toMatch(
    /^Nothing was deployed: 0\.1\.0\+.* stays live/,
  );
  expect(await rig.releases("web")).toEqual(before);
});

test("a second npm start at once is one sentence, and so is a busy port", async () => {
  const second = await rig.script("start");
  expect(second).toEqual({
    code: 1,
    said: expect.stringMatching(/^Cannot start: Tideline runs here already as process \d+.*\n$/),
  });
  const taken = { web: rig.addresses.apps.web, gateway: rig.addresses.gateway };
  for (const [name, url] of Object.entries(taken)) {
    const other = ["--data", "other", "--port", "0", "--gateway-port", "0"];
    const busy = await rig.script("start", ...other, `--${name}-port`, new URL(url).port);
    expect(busy).toEqual({
      code: 1,
      said: `Cannot listen on ${new URL(url).host}: the port is in use; stop what uses it, or choose another with --${name}-port\n`,
    });
  }
  const nowhere = await rig.script("start", "--data", "/proc/nope", "--port", "0");
  expect(nowhere).toEqual({
    code: 1,
    said: 'Cannot keep data in "/proc/nope": no folder can be made there; choose a folder with --data\n',
  });
  await mkdir(join(rig.folder, "in-the-way"));
  const options = [
    "--data",
    "third",
    "--port",
    "0",
    ...PORT_OPTIONS.flatMap((name) => [name, "0"]),
  ];
  const unwritable = await rig.script("start", ...options, "--convex-env", "in-the-way");
  expect(unwritable).toEqual({
    code: 1,
    said: expect.stringMatching(/^Cannot tell npx convex of .*: EISDIR; name .* --convex-env\n$/),
  });
  const file = await rig.script("start", "--data", "package.json", "--port", "0");
  expect(file).toEqual({
    code: 1,
    said: expect.stringMatching(/^Cannot keep data in .*--data\n$/),
  });
});

test("stopped and started again, everything is as it was and nothing is recorded anew", async () => {
  const history = async () => {
    const response = await fetch(`${rig.addresses.url}/api/query`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ path: "deployments:listTargets", args: {}, format: "json" }),
    });
    const { value } = (await response.json()) as { value: { appName: string; live: unknown }[] };
    return value.find(({ appName }) => appName === "marketing")?.live;
  };
  const [live, kept, url] = [await history(), await rig.releases("marketing"), rig.addresses.url];
  expect(await rig.stop()).toBe(0);
  expect((await rig.script("deploy", "web")).said).toContain("Tideline does not run here");

  // On the port of before: the ledger's address is in the pages.
  await rig.start(new URL(url).port);
  expect(rig.addresses.url).toBe(url);
  expect(await history()).toEqual(live);
  expect(await rig.releases("marketing")).toEqual(kept);
});

test("a page of plain HTML in three tabs hears of its deployments over one stream", async () => {
  const url = rig.addresses.apps.marketing;
  const context = await browser.newContext();
  // The context's clock is that of all its tabs.
  const first = await openTab(browser, url, { context, withClock: true });
  const second = await openTab(browser, url, { context });
  const third = await openTab(browser, url, { context });
  const tabs = [first, second, third];
  for (const tab of tabs) await tab.heard("Version update received: 0.1.0+1 (current: 0.1.0+1)");
  expect(rig.welcome.match(/total clients: \d+/g)).toEqual(["total clients: 1"]);

  await rig.rename("Every open tab knows.", "Every open tab knew.", MARKETING);
  const deployed = await rig.script("deploy", "marketing");
  expect(deployed.said).toContain("of marketing is live: recorded as deploy, epoch 2");
  const shows = (tab: Tab, text: string) =>
    tab.page.getByRole("heading", { name: `Every open tab ${text}.` }).waitFor();
  for (const tab of tabs) {
    await tab.notice.waitFor();
    expect(await tab.notices()).toEqual(["New version available"]);
    await shows(tab, "knows");
  }
  expect(rig.welcome).not.toContain("total clients: 2");
  await first.notice.getByRole("button", { name: "Reload now" }).click();
  await shows(first, "knew");

  // Left alone for half a minute, a tab follows by itself.
  await first.page.clock.runFor(31_000);
  for (const tab of [second, third]) await shows(tab, "knew");
  for (const tab of tabs) expect(await tab.notices()).toEqual([]);

  const back = await rig.script("deploy", "marketing", "--rollback");
  expect(back.said).toContain("recorded as rollback");
  for (const tab of tabs) {
    await tab.notice.waitFor();
    expect(await tab.notices()).toEqual(["Rolled back to 0.1.0+1"]);
  }
  await third.notice.getByRole("button", { name: "Reload now" }).click();
  await shows(third, "knows");
  expect(tabs.map((tab) => tab.loads())).toEqual([2, 2, 3]);
  // Also after the one that held the stream left it to another, twice.
  const health = async () => await (await fetch(`${url}/healthz`)).json();
  await expect.poll(health).toEqual({ status: "ok", stale: false, clients: 1 });
  await context.close();
});
