/** The two commands of the README, run as they are, on a copy of this repository's apps. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { REPOSITORY } from "../../../scripts/build-app.js";
import type { LocalAddresses } from "../../../scripts/local-state.js";
import { launchChromium } from "./launch-chromium.js";
import { openTab } from "./open-tab.js";

const COPIED = [
  "apps",
  "convex",
  "scripts",
  "package.json",
  "tsconfig.base.json",
  "vite.config.ts",
];
const FREE_PORTS = ["--site-port", "--web-port", "--admin-port", "--marketing-port"];

let folder: string;
let browser: Browser;
let running: ChildProcess | null = null;
let addresses: LocalAddresses;
/** What the last npm start said. */
let welcome = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tideline-start-"));
  for (const name of [...COPIED, ".gitignore"]) {
    await cp(join(REPOSITORY, name), join(folder, name), { recursive: true });
  }
  await symlink(join(REPOSITORY, "node_modules"), join(folder, "node_modules"));
  await run("git", "init", "--quiet", "--initial-branch=main");
  // The pattern "node_modules/" is for folders, and this one is a link.
  await writeFile(join(folder, ".git/info/exclude"), "node_modules\n");
  await commit("one");
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
  await stop();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  if (running === null) await start();
});

interface Outcome {
  readonly code: number;
  readonly said: string;
}

function run(command: string, ...args: string[]): Promise<Outcome> {
  // What a pipeline exported is about another commit than the one here.
  const exported = { GITHUB_SHA: "f".repeat(40), GITHUB_RUN_NUMBER: "7", GIT_TAG: "v9" };
  const env = { ...process.env, ...exported, CI: "1", TIDELINE_ENVIRONMENT: "local" };
  return new Promise((resolve) => {
    execFile(command, args, { cwd: folder, env }, (error, stdout, stderr) => {
      const code = typeof error?.code === "number" ? error.code : error === null ? 0 : 1;
      resolve({ code, said: `${stdout}${stderr}` });
    });
  });
}

const script = (name: string, ...args: string[]) =>
  run(process.execPath, "scripts/run.mjs", name, ...args);

async function commit(subject: string): Promise<void> {
  const author = ["-c", "user.name=Tester", "-c", "user.email=tester@example.org"];
  await run("git", "add", "--all");
  const { code, said } = await run("git", ...author, "commit", "--quiet", "-m", subject);
  expect(code, said).toBe(0);
}

async function start(port = "0"): Promise<void> {
  const ports = ["--port", port, ...FREE_PORTS.flatMap((option) => [option, "0"])];
  const child = spawn(process.execPath, ["scripts/run.mjs", "start", ...ports], { cwd: folder });
  running = child;
  let said = "";
  await new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        said += text;
        welcome = said;
        if (said.includes("Ctrl-C stops it")) resolve();
      });
    }
    child.once("exit", () => reject(new Error(`npm start ended: ${said}`)));
  });
  addresses = JSON.parse(await readFile(join(folder, ".tideline/local.json"), "utf8"));
}

async function stop(): Promise<number | null> {
  const child = running;
  running = null;
  if (child === null || child.exitCode !== null) return null;
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  return await ended;
}

async function rename(from: string, to: string): Promise<void> {
  const path = join(folder, "apps/web/src/header.tsx");
  const text = await readFile(path, "utf8");
  expect(text).toContain(from);
  await writeFile(path, text.replace(from, to));
}

const releases = async (app: string) =>
  (await readdir(join(folder, ".tideline/sites", app, "releases"))).sort();

test("three addresses open, and the official CLI finds the history", async () => {
  for (const url of Object.values(addresses.apps)) {
    const response = await fetch(url);
    expect([response.status, response.headers.get("cache-control")]).toEqual([200, "no-cache"]);
    expect(await response.text()).toContain("tideline-build");
  }
  const table = await run("npx", "convex", "data", "deployments");
  expect(table.said).toContain('"marketing"');
  const target = JSON.stringify({ appName: "web", environment: "local" });
  const list = await run("npx", "convex", "run", "deployments:listDeployments", target);
  expect(list.said).toContain('"version": "0.1.0+1"');
});

test("a deployment reaches the tabs of its app, and going back reaches them too", async () => {
  const web = await openTab(browser, addresses.apps.web);
  const admin = await openTab(browser, addresses.apps.admin);
  const marketing = await openTab(browser, addresses.apps.marketing);
  await admin.page.getByText("0.1.0+1").first().waitFor();
  await web.heard('"0.1.0+1"');

  await rename("Tidepool", "Rockpool");
  await commit("two");
  const deployed = await script("deploy", "web");
  expect(deployed.said).toMatch(/^0\.1\.0\+2 \([0-9a-f]{12}\) of web is live: recorded as deploy/);
  await web.notice.waitFor();
  await web.notice.getByRole("button", { name: "Refresh" }).click();
  await web.page.getByText("Rockpool", { exact: true }).waitFor();
  expect(await web.notices()).toEqual([]);
  await admin.page.getByText("0.1.0+2").first().waitFor();
  expect([await admin.notices(), await marketing.notices()]).toEqual([[], []]);
  expect([web.loads(), admin.loads(), marketing.loads()]).toEqual([2, 1, 1]);

  const again = await script("deploy", "web");
  expect(again.said).toContain("Nothing changed: the same bytes are live already");
  expect(await web.notices()).toEqual([]);

  const back = await script("deploy", "web", "--rollback");
  expect(back.said).toContain("0.1.0+1");
  expect(back.said).toContain("recorded as rollback");
  await web.notice.waitFor();
  expect(await web.notices()).toEqual(["Rolled back to 0.1.0+1"]);

  // Forward again, to a commit that was live before: whoever deploys by hand means it.
  const forward = await script("deploy", "web", "--severity", "critical", "--notes", "Once more");
  expect([forward.code, forward.said]).toEqual([0, expect.stringContaining("is live")]);
  for (const context of browser.contexts()) await context.close();
});

test("the README's round with edits that are in no commit: there, back, forward, and kept", async () => {
  const before = await script("deploy", "web");
  const live = before.said.split(" ", 1)[0] ?? "";
  const web = await openTab(browser, addresses.apps.web);
  const follow = async (notice: string) => {
    await web.notice.waitFor();
    expect(await web.notices()).toEqual([notice]);
    await web.notice.getByRole("button", { name: "Refresh" }).click();
    await web.notice.waitFor({ state: "detached" });
  };

  await rename("Rockpool", "Saltmarsh");
  const there = await script("deploy", "web");
  expect(there.said).toMatch(/\([0-9a-f]{12}-dirty\) of web is live: recorded as deploy/);
  await follow("New version available");
  const back = await script("deploy", "web", "--rollback");
  expect(back.said).toContain("recorded as rollback");
  await follow(`Rolled back to ${live}`);

  // Only a deployment changes what is live, also when npm start finds the edit again.
  const [kept, url] = [await releases("web"), addresses.url];
  await stop();
  await start(new URL(url).port);
  expect(welcome).toContain(`web stays at ${live} (`);
  expect(welcome).toContain("npm run deploy -- web deploys it");
  expect(await releases("web")).toEqual(kept);
  expect(await (await fetch(addresses.apps.web)).text()).toContain(`&quot;${live}&quot;`);

  // Further back, where the commit here is one that was live before.
  expect((await script("deploy", "web", "--rollback")).said).toContain("recorded as rollback");
  await rename("Saltmarsh", "Estuary");
  const fix = await script("deploy", "web");
  expect(fix.said).toContain("recorded as deploy");
  const list = JSON.stringify({ appName: "web", environment: "local" });
  const history = await run("npx", "convex", "run", "deployments:listDeployments", list);
  expect(history.said).not.toContain("ffffff");
  await run("git", "checkout", "--", "apps");
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
  const { code, said } = await script("deploy", ...args);
  expect(said).toContain(sentence);
  expect([code, said.trim().split("\n").length]).toEqual([1, 1]);
});

test("a build that fails changes nothing", async () => {
  const before = await releases("web");
  await writeFile(join(folder, "apps/web/src/header.tsx"), "export const Header = ;");
  const { code, said } = await script("deploy", "web");
  await run("git", "checkout", "--", "apps");
  expect([code, said]).toEqual([1, expect.stringContaining("Cannot build web")]);
  expect(said.trimEnd().split("\n").at(-1)).toMatch(
    /^Nothing was deployed: 0\.1\.0\+.* stays live/,
  );
  expect(await releases("web")).toEqual(before);
});

test("a second npm start at once is one sentence, and so is a busy port", async () => {
  const second = await script("start");
  expect(second).toEqual({
    code: 1,
    said: expect.stringMatching(/^Cannot start: Tideline runs here already as process \d+.*\n$/),
  });
  const port = new URL(addresses.apps.web).port;
  const busy = await script("start", "--data", "other", "--port", "0", "--web-port", port);
  expect(busy).toEqual({
    code: 1,
    said: expect.stringMatching(/^Cannot listen on .*--web-port\n$/),
  });
  const nowhere = await script("start", "--data", "/proc/nope", "--port", "0");
  expect(nowhere).toEqual({
    code: 1,
    said: 'Cannot keep data in "/proc/nope": no folder can be made there; choose a folder with --data\n',
  });
  await mkdir(join(folder, "in-the-way"));
  const options = ["--data", "third", "--port", "0", ...FREE_PORTS.flatMap((name) => [name, "0"])];
  const unwritable = await script("start", ...options, "--convex-env", "in-the-way");
  expect(unwritable).toEqual({
    code: 1,
    said: expect.stringMatching(/^Cannot tell npx convex of .*: EISDIR; name .* --convex-env\n$/),
  });
  const file = await script("start", "--data", "package.json", "--port", "0");
  expect(file).toEqual({
    code: 1,
    said: expect.stringMatching(/^Cannot keep data in .*--data\n$/),
  });
});

test("stopped and started again, everything is as it was and nothing is recorded anew", async () => {
  const history = async () => {
    const response = await fetch(`${addresses.url}/api/query`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ path: "deployments:listTargets", args: {}, format: "json" }),
    });
    const { value } = (await response.json()) as { value: { appName: string; live: unknown }[] };
    return value.find(({ appName }) => appName === "marketing")?.live;
  };
  const [live, kept, url] = [await history(), await releases("marketing"), addresses.url];
  expect(await stop()).toBe(0);
  expect((await script("deploy", "web")).said).toContain("Tideline does not run here");

  // On the port of before: the ledger's address is in the pages.
  await start(new URL(url).port);
  expect(addresses.url).toBe(url);
  expect(await history()).toEqual(live);
  expect(await releases("marketing")).toEqual(kept);
});
