import { execFile } from "node:child_process";
import { access, constants } from "node:fs/promises";
import { promisify } from "node:util";
import { findPython as find } from "../../../../scripts/example-fastapi/prepare-python.js";

/**
 * Gives a Python that the example can be run with: `PYTHON`, else the first on the PATH. As root on
 * Debian, where there is none, it installs one.
 *
 * @returns Null where there is none, which it says.
 * @throws {Error} In CI: the tests that need it must not pass without it.
 */
export async function findPython(env: NodeJS.ProcessEnv = process.env): Promise<string | null> {
  try {
    return await find(env).catch(async (reason: Error) => {
      if (process.getuid?.() !== 0 || !(await isExecutable("/usr/bin/apt-get"))) throw reason;
      await install();
      return await find(env);
    });
  } catch (reason) {
    if (env.CI) throw reason;
    process.stderr.write(`\nNOT TESTED: examples/fastapi. ${(reason as Error).message}\n\n`);
    return null;
  }
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
  const names = ["python3", "python3-venv"];
  process.stderr.write(`Installing ${names.join(", ")} for the tests of examples/fastapi\n`);
  await run("apt-get", ["update", "--quiet"], { env });
  await run("apt-get", ["install", "--yes", "--quiet", "--no-install-recommends", ...names], {
    env,
  });
}
