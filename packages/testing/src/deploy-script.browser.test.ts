/** ./deploy.sh without Docker, run as it is, beside an npm start whose web is open in a browser. */
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { NOTHING_EXPORTED } from "./deploy-script/nothing-exported.js";
import { launchChromium } from "./launch-chromium.js";
import { LocalRig, type Outcome } from "./local-rig.js";
import { openTab, type Tab } from "./open-tab.js";

let rig: LocalRig;
let browser: Browser;
let web: Tab;

beforeAll(async () => {
  rig = await LocalRig.create(NOTHING_EXPORTED);
  await rig.start();
  browser = await launchChromium();
  web = await openTab(browser, rig.addresses.apps.web);
});
afterAll(async () => {
  await browser?.close();
  await rig?.dispose();
});

/** Deploys from another folder to the npm start of the rig. */
const deployFrom = (other: LocalRig, variables = {}): Promise<Outcome> =>
  other.runWith(
    variables,
    join(other.folder, "deploy.sh"),
    "--no-docker",
    ...["--", "--data", join(rig.folder, ".tideline")],
  );

/** Waits for the notice, says what label it shows, and follows it. */
async function follow(heading: string): Promise<string> {
  await web.notice.waitFor();
  const shown = await web.notice.locator('[data-tideline-part="badge"]').innerText();
  await web.notice.getByRole("button", { name: "Refresh" }).click();
  await web.page.getByText(heading, { exact: true }).first().waitFor();
  await web.notice.waitFor({ state: "detached" });
  return shown;
}

const promised = ({ said }: Outcome) => /^Version: (.+)$/m.exec(said)?.[1];

test("from a fresh clone, an open tab is told the commit", async () => {
  await rig.rename("Tidepool", "Rockpool");
  const commit = await rig.commit("two");
  const clone = await rig.clone();
  try {
    const outcome = await deployFrom(clone);
    expect(outcome.said).toContain("is live: recorded as deploy");
    expect(promised(outcome)).toBe(commit.slice(0, 12));
    expect(outcome.said).not.toContain("Warning");
    expect(await follow("Rockpool")).toBe(commit.slice(0, 12));
  } finally {
    await clone.dispose();
  }
});

test("from a dirty tree, in the folder of npm start, it is told so", async () => {
  await rig.rename("Rockpool", "Saltmarsh");
  const head = await rig.head();
  const outcome = await rig.run("./deploy.sh");
  const label = `${head.slice(0, 12)}-dirty`;
  expect(outcome.said).toContain(
    "Warning: Working directory has uncommitted changes: apps/web/src/header.tsx\n",
  );
  expect(promised(outcome)).toBe(label);
  expect(await follow("Saltmarsh")).toBe(label);

  // One name for two builds: another edit of the same commit is another build all the same.
  await rig.rename("Saltmarsh", "Estuary");
  expect(promised(await rig.run("./deploy.sh"))).toBe(label);
  expect(await follow("Estuary")).toBe(label);
});

test("from outside a repository, it is told the time", async () => {
  const exported = await rig.export();
  try {
    await exported.rename("Rockpool", "Headland");
    const before = Date.now();
    const outcome = await deployFrom(exported);
    expect(outcome.said).toContain("Warning: Not in a git repository, using timestamp");
    const label = promised(outcome) ?? "";
    expect(label).toMatch(/^\d{8}-\d{6}$/);
    const [, ...parts] = /^(....)(..)(..)-(..)(..)(..)$/.exec(label) ?? [];
    const [year, month, day, hour, minute, second] = parts.map(Number) as number[];
    const at = Date.UTC(year ?? 0, (month ?? 0) - 1, day, hour, minute, second);
    expect(at).toBeGreaterThanOrEqual(Math.floor(before / 1000) * 1000);
    expect(at).toBeLessThanOrEqual(Date.now());
    expect(await follow("Headland")).toBe(label);
  } finally {
    await exported.dispose();
  }
});

test("in CI it is told the commit that CI names, and by hand what was asked for", async () => {
  const clone = await rig.clone();
  try {
    await clone.rename("Rockpool", "Lagoon");
    const commit = await clone.commit("three");
    const ci = { CI: "true", GITHUB_ACTIONS: "true", GITHUB_SHA: commit };
    expect(promised(await deployFrom(clone, ci))).toBe(commit.slice(0, 12));
    expect(await follow("Lagoon")).toBe(commit.slice(0, 12));

    await clone.rename("Lagoon", "Mudflat");
    await clone.commit("four");
    // A tag of the commit does not take the place of the name.
    await clone.run("git", "tag", "v9.9.9");
    const named = await deployFrom(clone, { SPOT_VERSION: "v1.2.3" });
    expect(promised(named)).toBe("v1.2.3");
    expect(await follow("Mudflat")).toBe("v1.2.3");
  } finally {
    await clone.dispose();
  }
});

test("the same commit again prompts nobody", async () => {
  const clone = await rig.clone();
  try {
    await clone.rename("Rockpool", "Skerry");
    await clone.commit("five");
    await deployFrom(clone);
    await follow("Skerry");
    const again = await deployFrom(clone);
    expect(again.said).toContain("Nothing changed: the same bytes are live already");
    expect(await web.notices()).toEqual([]);
  } finally {
    await clone.dispose();
  }
});
