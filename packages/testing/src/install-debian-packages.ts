import { execFile } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { isExecutable } from "./find-executable.js";

/**
 * Installs packages of Debian, where this is Debian and whoever runs the tests is root. Test files run
 * side by side and apt does not wait for itself, so they take turns. No service is started.
 *
 * @param purpose Ends the line that says what is installed: "the tests with real images".
 * @returns False if nothing was installed: not allowed here, or apt failed, which it says.
 */
export async function installDebianPackages(
  names: readonly string[],
  purpose: string,
): Promise<boolean> {
  if (process.getuid?.() !== 0 || !(await isExecutable("/usr/bin/apt-get"))) return false;
  process.stderr.write(`Installing ${names.join(", ")} for ${purpose}\n`);
  // In runlevel 1 Debian's packages start none of their services.
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };
  const aptGet = (...args: string[]) =>
    promisify(execFile)("flock", [LOCK, "apt-get", ...args, "--quiet"], { env });
  try {
    await aptGet("update");
    await aptGet("install", "--yes", "--no-install-recommends", ...names);
    return true;
  } catch (error) {
    // Without a network there is nothing to be had: the caller says what is missing.
    process.stderr.write(`${(error as Error).message}\n`);
    return false;
  }
}

const LOCK = join(tmpdir(), "tideline-apt.lock");
