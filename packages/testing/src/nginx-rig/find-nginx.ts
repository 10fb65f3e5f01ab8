import { execFile } from "node:child_process";
import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

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
  const present = await search(env);
  if (present !== null) return present;
  if (process.getuid?.() === 0 && (await isExecutable("/usr/bin/apt-get"))) {
    await install();
    const installed = await search(env);
    if (installed !== null) return installed;
  }
  const sentence =
    "Cannot test behind nginx: expected nginx on the PATH, got none; on Debian: apt-get install nginx-light";
  if (env.CI) throw new Error(sentence);
  process.stderr.write(`\n*** ${sentence}; these tests are SKIPPED ***\n\n`);
  return null;
}

async function search(env: NodeJS.ProcessEnv): Promise<string | null> {
  // Debian keeps it among the programs of the administrator, which others have not on their PATH.
  for (const folder of [...(env.PATH ?? "").split(delimiter), "/usr/sbin"]) {
    const path = join(folder, "nginx");
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
  process.stderr.write("Installing nginx-light for the tests behind nginx\n");
  try {
    await run("apt-get", ["update", "--quiet"], { env });
    await run(
      "apt-get",
      ["install", "--yes", "--quiet", "--no-install-recommends", "nginx-light"],
      {
        env,
      },
    );
  } catch (error) {
    // Without a network there is none to be had: the caller says so.
    process.stderr.write(`${(error as Error).message}\n`);
  }
}
