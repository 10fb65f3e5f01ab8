import { findExecutable, isExecutable } from "./find-executable.js";
import { installDebianPackages } from "./install-debian-packages.js";

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
  let found = await search(env);
  if (found === null && (await installDebianPackages(["chromium"], "the tests in a browser"))) {
    found = await search(env);
  }
  if (found !== null) return found;
  throw new Error(
    `Cannot start Chromium: expected one of ${NAMES.join(", ")} on the PATH, or its path in CHROMIUM_PATH`,
  );
}

async function search(env: NodeJS.ProcessEnv): Promise<string | null> {
  const found = await findExecutable(NAMES, env);
  if (found !== null) return found;
  for (const path of MAC_PATHS) {
    if (await isExecutable(path)) return path;
  }
  return null;
}
