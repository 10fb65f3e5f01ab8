import { execFile } from "node:child_process";
import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

/**
 * Gives the path of shellcheck: `SHELLCHECK_PATH`, else the first on the PATH. As root on Debian,
 * where there is none, it installs one.
 *
 * @throws {Error} If there is none: the tests that need it must not pass without it.
 */
export async function findShellcheck(env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const named = env.SHELLCHECK_PATH?.trim();
  if (named) {
    if (await isExecutable(named)) return named;
    throw new Error(
      `Cannot check shell scripts: SHELLCHECK_PATH names "${named}", which cannot be run`,
    );
  }
  const found = await search(env);
  if (found !== null) return found;
  if (process.getuid?.() === 0 && (await isExecutable("/usr/bin/apt-get"))) {
    console.warn("shellcheck is not here: installing it with apt-get");
    await install();
    const installed = await search(env);
    if (installed !== null) return installed;
  }
  throw new Error(
    "Cannot check shell scripts: expected shellcheck on the PATH, or its path in SHELLCHECK_PATH; " +
      "install it (apt-get install shellcheck, brew install shellcheck)",
  );
}

async function search(env: NodeJS.ProcessEnv): Promise<string | null> {
  for (const folder of (env.PATH ?? "").split(delimiter)) {
    const path = join(folder, "shellcheck");
    if (folder !== "" && (await isExecutable(path))) return path;
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
  await run("apt-get", ["install", "--yes", "--quiet", "--no-install-recommends", "shellcheck"], {
    env,
  });
}
