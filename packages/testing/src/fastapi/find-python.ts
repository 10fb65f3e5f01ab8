import { findPython as find } from "../../../../scripts/example-fastapi/prepare-python.js";
import { installDebianPackages } from "../install-debian-packages.js";

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
      const names = ["python3", "python3-venv"];
      if (!(await installDebianPackages(names, "the tests of examples/fastapi"))) throw reason;
      return await find(env);
    });
  } catch (reason) {
    if (env.CI) throw reason;
    process.stderr.write(`\nNOT TESTED: examples/fastapi. ${(reason as Error).message}\n\n`);
    return null;
  }
}
