import { readdir, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import { REPOSITORY } from "./build-app.js";
import { runVite } from "./run-vite.js";
import { ScriptError } from "./script-error.js";

// What the script is made of: what `packages/browser` may import, by the table of check-imports.
const INPUTS = [
  ...["browser/src", "browser/package.json", "browser/vite.config.ts"],
  ...["watch/src", "version/src"],
];

/**
 * Builds the script that the gateway gives to pages (`/tideline.js`), unless it is there and newer
 * than all that it is made of.
 *
 * @returns Its path.
 * @throws {ScriptError} With Vite's own words if the build fails, or if `signal` ends it.
 */
export async function buildPageScript(
  signal: AbortSignal,
  repository = REPOSITORY,
): Promise<string> {
  // Where npm has linked it, which is not below every folder that these scripts run in.
  const folder = await realpath(join(repository, "node_modules/@tideline/browser"));
  const script = join(folder, "dist/tideline.js");
  if (await isFresh(script, join(folder, ".."))) return script;
  const env = { ...process.env, NODE_ENV: "production" };
  const failure = await runVite(["build", "--logLevel=error"], { cwd: folder, env, signal });
  if (failure === null) return script;
  throw new ScriptError(
    signal.aborted ? "Stopped while building tideline.js" : `Cannot build tideline.js: ${failure}`,
  );
}

async function isFresh(script: string, packages: string): Promise<boolean> {
  const builtAt = await changedAt(script).catch(() => 0);
  if (builtAt === 0) return false;
  const changes = await Promise.all(INPUTS.map((path) => newestIn(join(packages, path))));
  return Math.max(...changes) < builtAt;
}

async function newestIn(path: string): Promise<number> {
  // A folder's own time says when a file in it was added or removed.
  const times = [await changedAt(path)];
  if ((await stat(path)).isDirectory()) {
    for (const name of await readdir(path, { recursive: true })) {
      times.push(await changedAt(join(path, name)));
    }
  }
  return Math.max(...times);
}

async function changedAt(path: string): Promise<number> {
  return (await stat(path)).mtimeMs;
}
