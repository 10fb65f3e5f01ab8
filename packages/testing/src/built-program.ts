import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, rename, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { waitForLock } from "../../fleet/src/engine/lock.js";
import { findExecutable, isExecutable } from "./find-executable.js";

/** A program that is built from Go sources, once for all test files of this machine. */
export interface GoProgram {
  /** `"nats-server 2.10.24"`: what is said of it, and, joined by "-", its file in the cache. */
  readonly label: string;
  /** After "the tests": "with a real nats-server". */
  readonly purpose: string;
  /** Builds it in an empty folder, whose `bin` is where `go install` puts it; gives where it lies then. */
  readonly build: (
    go: (folder: string, ...args: string[]) => Promise<string>,
    folder: string,
  ) => Promise<string>;
}

// A cold build of process-compose takes about three minutes on two slow cores.
const BUILD_TIMEOUT_MS = 900_000;

/**
 * Gives the path of the program, built if this machine has not done so before. Test files run side
 * by side: one builds, the others wait for it.
 *
 * @returns Null where there is no Go, or the build fails; that is said loudly.
 */
export async function builtProgram(
  { label, purpose, build }: GoProgram,
  env: NodeJS.ProcessEnv = process.env,
): Promise<string | null> {
  // Of the user alone: in a folder of everybody's somebody else could lay the program down first.
  const cache = join(tmpdir(), `tideline-programs-${process.getuid?.() ?? "user"}`);
  await mkdir(cache, { recursive: true, mode: 0o700 });
  if ((await stat(cache)).uid !== (process.getuid?.() ?? 0)) {
    throw new Error(`Cannot keep built programs: expected "${cache}" to be ours, got another's`);
  }
  const path = join(cache, label.replaceAll(" ", "-"));
  if (await isExecutable(path)) return path;
  const goPath = await findExecutable(["go"], env, ["/usr/local/go/bin"]);
  if (goPath === null) return missing(label, purpose, "expected go on the PATH, got none");
  const lock = await waitForLock(`${path}.lock`, new AbortController().signal);
  const folder = await mkdtemp(join(cache, "build-"));
  try {
    if (await isExecutable(path)) return path;
    process.stderr.write(`Building ${label} for the tests ${purpose}; that takes minutes, once\n`);
    const options = { timeout: BUILD_TIMEOUT_MS, maxBuffer: 64 * 1024 * 1024 };
    const goEnv = { ...env, CGO_ENABLED: "0", GOBIN: join(folder, "bin") };
    const go = async (cwd: string, ...args: string[]) =>
      (await promisify(execFile)(goPath, args, { ...options, cwd, env: goEnv })).stdout;
    const built = await build(go, folder);
    await chmod(built, 0o755);
    await rename(built, path);
    return path;
  } catch (error) {
    // Go's proxy being away is no fault of what is tested; the built-in supervisor's tests stay.
    return missing(label, purpose, `its build failed: ${(error as Error).message}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
    await lock.release();
  }
}

function missing(label: string, purpose: string, reason: string): null {
  // The form in which GitHub shows it on the page of the run.
  if (process.env.CI)
    console.log(`::warning::Not run ${purpose}: no ${label}, ${reason.split("\n", 1)[0]}`);
  process.stderr.write(`\n*** Cannot run the tests ${purpose}: no ${label}, ${reason} ***\n\n`);
  return null;
}
