import { findExecutable } from "./find-executable.js";
import { installDebianPackages } from "./install-debian-packages.js";

/**
 * Gives the path of a program that Debian has a package of the same name for, and installs that where
 * it may.
 *
 * @param purpose Of the tests that need it, after "the tests": "that read a stream".
 * @throws {Error} If there is none: the tests that need it must not pass without it.
 */
export async function findProgram(
  name: string,
  purpose: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  let found = await findExecutable([name], env);
  if (found === null && (await installDebianPackages([name], `the tests ${purpose}`))) {
    found = await findExecutable([name], env);
  }
  if (found !== null) return found;
  throw new Error(
    `Cannot run the tests ${purpose}: expected ${name} on the PATH, got none; on Debian: apt-get install ${name}`,
  );
}
