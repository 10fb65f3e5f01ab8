import { isExecutable } from "../../find-executable.js";
import { findProgram } from "../../find-program.js";

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
  return await findProgram("shellcheck", "of shell scripts", env);
}
