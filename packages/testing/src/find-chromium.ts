import { execFile } from "node:child_process";
import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

const NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

const MAC_PATHS = [
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

/**
 * Gives the path of a Chromium or Chrome: `CHROMIUM_PATH`, else the first on the PATH. As root on
 * Debian, where there is none, it installs one.
 *
 * @throws {Error} If there is none: the tests that need it must not pass without it.
 */
export async function findChromium(env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const named = env.CHROMIUM_PATH?.trim();
  if (named) {
    if (await isExecutable(named)) return named;
    throw new Error(`Cannot start Chromium: CHROMIUM_PATH names "${named}", which cannot be run`);
  }
  const found = await search(env);
  if (found !== null) return found;
  if (process.getuid?.() === 0 && (await isExecutable("/usr/bin/apt-get"))) {
    await install();
    const installed = await search(env);
    if (installed !== null) return installed;
  }
  throw new Error(
    `Cannot start Chromium: expected one of ${NAMES.join(", ")} on the PATH, or its path in CHROMIUM_PATH`,
  );
}

async function search(env: NodeJS.ProcessEnv): Promise<string | null> {
  const folders = (env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  const paths = folders.flatMap((folder) => NAMES.map((name) => join(folder, name)));
  for (const path of [...paths, ...MAC_PATHS]) {
    if (await isExecutable(path)) return path;
  }
  return null;
}

async function isExecutable(path: string): Promise<boolean> {
  return await access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function install(): Promise<void> {
  const run = promisify(execFile);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  await run("apt-get", ["update", "--quiet"], { env });
  await run("apt-get", ["install", "--yes", "--quiet", "--no-install-recommends", "chromium"], {
    env,
  });
}
