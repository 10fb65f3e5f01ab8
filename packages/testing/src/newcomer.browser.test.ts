/**
 * What the README promises to somebody who knows nothing of this repository: an app made with
 * Vite's React template, our packages from their tarballs, the README's lines, and the notice.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { REPOSITORY } from "../../../scripts/build-app.js";
import { launchChromium } from "./launch-chromium.js";
import { openTab } from "./open-tab.js";

let folder: string;
let app: string;
let browser: Browser;
let env: NodeJS.ProcessEnv;
const children: ChildProcess[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tideline-newcomer-"));
  app = join(folder, "newcomer");
  // A newcomer's own machine: not CI, and nothing of a deployment in the shell.
  const names = /^(CI|GITHUB_.*|GITLAB_.*|TIDELINE_.*|CONVEX_.*|VITE.*|NODE_ENV|npm_.*)$/;
  env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !names.test(name)));
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
  for (const child of children) {
    const isGone = new Promise((resolve) => child.once("exit", resolve));
    if (child.exitCode === null && child.kill()) await isGone;
  }
  await rm(folder, { recursive: true, force: true });
});

async function run(cwd: string, command: string, ...args: string[]): Promise<string> {
  const maxBuffer = 64 * 1024 * 1024;
  const { stdout } = await promisify(execFile)(command, args, { cwd, env, maxBuffer });
  return stdout;
}

/** Starts a program that stays, and gives what `pattern` finds in its words. */
async function stay(pattern: RegExp, script: string, ...args: string[]): Promise<string> {
  const child = spawn(process.execPath, [script, ...args], { cwd: app, env });
  children.push(child);
  let said = "";
  return await new Promise((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        said += text;
        const found = pattern.exec(stripAnsi(said));
        if (found?.[1] !== undefined) resolve(found[1]);
      });
    }
    child.once("exit", () => reject(new Error(`${script} ended: ${said}`)));
  });
}

function stripAnsi(text: string): string {
  return text.replaceAll(new RegExp(`${String.fromCharCode(27)}\\[[\\d;]*m`, "g"), "");
}

async function edit(path: string, change: (text: string) => string): Promise<void> {
  const before = await readFile(join(app, path), "utf8");
  const after = change(before);
  expect(after, path).not.toBe(before);
  await writeFile(join(app, path), after);
}

test("an app outside the repository gains the notice by the README's lines", async () => {
  await run(REPOSITORY, "npm", "run", "build");
  const packages = (await readdir(join(REPOSITORY, "packages"))).filter(
    (name) => name !== "testing",
  );
  for (const name of packages) {
    await run(join(REPOSITORY, "packages", name), "npm", "pack", "--pack-destination", folder);
  }
  const tarballs = (await readdir(folder)).filter((name) => name.endsWith(".tgz"));
  expect(tarballs).toHaveLength(packages.length);

  const template = ["--template", "react-ts", "--no-interactive"];
  await run(folder, "npm", "create", "--yes", "vite@latest", "newcomer", "--", ...template);
  await run(app, "npm", "install", "--no-audit", "convex", ...tarballs.map((name) => `../${name}`));

  await edit("vite.config.ts", (text) =>
    `import { tideline } from "@tideline/vite-plugin";\n${text}`.replace(
      "react()",
      'react(), tideline({ appName: "web" })',
    ),
  );
  await edit("src/main.tsx", (text) =>
    `import { UpdateNotification } from "@tideline/react";
import "@tideline/react/styles.css";
import { ConvexProvider, ConvexReactClient } from "convex/react";
${text}`
      .replace(
        "createRoot(",
        "const convex = new ConvexReactClient(import.meta.env.VITE_CONVEX_URL);\ncreateRoot(",
      )
      .replace(
        "<App />",
        "<ConvexProvider client={convex}><App /><UpdateNotification /></ConvexProvider>",
      ),
  );
  await mkdir(join(app, "convex"));
  await writeFile(
    join(app, "convex/schema.ts"),
    `import { ledgerTables } from "@tideline/ledger";
import { defineSchema } from "convex/server";
export default defineSchema({ ...ledgerTables });
`,
  );
  await writeFile(join(app, "convex/deployments.ts"), 'export * from "@tideline/ledger";\n');

  const convexUrl = await stay(
    /at (http:\/\/127\.0\.0\.1:\d+), HTTP actions/,
    ...(["node_modules/@tideline/embedded/dist/main.js", "--dir", "convex"] as const),
    ...["--data", ".data", "--port", "0", "--site-port", "0"],
  );
  env.CONVEX_URL = convexUrl;
  env.CONVEX_SELF_HOSTED_URL = convexUrl;
  env.CONVEX_SELF_HOSTED_ADMIN_KEY = (await readFile(join(app, ".data/admin-key"), "utf8")).trim();
  env.TIDELINE_RECORD_TOKEN = "0123456789abcdef0123456789abcdef";
  env.VITE_CONVEX_URL = convexUrl;
  await run(app, "npx", "convex", "env", "set", "TIDELINE_RECORD_TOKEN", env.TIDELINE_RECORD_TOKEN);

  await run(app, "npm", "run", "build");
  const url = await stay(
    /(http:\/\/127\.0\.0\.1:\d+)/,
    ...(["node_modules/vite/bin/vite.js", "preview", "--host", "127.0.0.1"] as const),
    ...["--port", "0"],
  );
  expect(await run(app, "npx", "--no", "--", "tideline", "record")).toContain("web");

  const tab = await openTab(browser, url);
  const { buildId } = JSON.parse(await readFile(join(app, "dist/version.json"), "utf8"));
  await tab.heard(buildId);
  expect(await tab.notices()).toEqual([]);

  await edit("src/App.tsx", (text) => text.replace("Get started", "Get started again"));
  await run(app, "npm", "run", "build");
  await run(app, "npx", "--no", "--", "tideline", "record");
  await tab.notice.waitFor();
  await tab.notice.getByRole("button", { name: "Refresh" }).click();
  await tab.page.getByText("Get started again").waitFor();
  expect(await tab.notices()).toEqual([]);
}, 900_000);
