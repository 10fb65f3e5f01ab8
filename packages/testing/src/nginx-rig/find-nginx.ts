import { findExecutable } from "../find-executable.js";
import { installDebianPackages } from "../install-debian-packages.js";

let found: Promise<string | null> | null = null;

/**
 * Gives the path of nginx: on the PATH or where Debian has it. As root on Debian, where there is
 * none, it installs one.
 *
 * @returns Null if there is none; that is said loudly, and the tests that need it are skipped.
 * @throws {Error} If there is none in CI: there the tests must not pass without it.
 */
export function findNginx(env: NodeJS.ProcessEnv = process.env): Promise<string | null> {
  found ??= find(env);
  return found;
}

async function find(env: NodeJS.ProcessEnv): Promise<string | null> {
  // Debian keeps it among the programs of the administrator, which others have not on their PATH.
  const search = () => findExecutable(["nginx"], env, ["/usr/sbin"]);
  let path = await search();
  if (path === null && (await installDebianPackages(["nginx-light"], "the tests behind nginx"))) {
    path = await search();
  }
  if (path !== null) return path;
  const sentence =
    "Cannot test behind nginx: expected nginx on the PATH, got none; on Debian: apt-get install nginx-light";
  if (env.CI) throw new Error(sentence);
  process.stderr.write(`\n*** ${sentence}; these tests are SKIPPED ***\n\n`);
  return null;
}
