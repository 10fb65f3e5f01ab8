import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

/** A Python of its own, with packages installed. */
export interface PythonVenv {
  /** The interpreter. */
  readonly python: string;
  dispose(): Promise<void>;
}

// An installation from a slow mirror; without a network pip gives up sooner.
const TIMEOUT_MS = 60_000;

/**
 * Makes a temporary virtual environment with these packages.
 *
 * @returns Null where there is no Python, or nothing can be installed; that is said loudly.
 */
export async function makePythonVenv(packages: readonly string[]): Promise<PythonVenv | null> {
  const run = promisify(execFile);
  const folder = await mkdtemp(join(tmpdir(), "tideline-venv-"));
  const python = join(folder, "bin/python");
  const dispose = () => rm(folder, { recursive: true, force: true });
  try {
    await run("python3", ["-m", "venv", folder], { timeout: TIMEOUT_MS });
    const quiet = ["--quiet", "--disable-pip-version-check", "--retries", "1"];
    await run(python, ["-m", "pip", "install", ...quiet, ...packages], { timeout: TIMEOUT_MS });
    return { python, dispose };
  } catch (error) {
    await dispose();
    const [sentence] = (error as Error).message.split("\n");
    process.stderr.write(
      `\n*** Cannot install ${packages.join(", ")} for Python (${sentence}): its tests are SKIPPED ***\n\n`,
    );
    return null;
  }
}
