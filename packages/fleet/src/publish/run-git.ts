import { execFile } from "node:child_process";
import { SyncError } from "../sync-error.js";
import { buildEnvironment } from "./build-environment.js";

const TIMEOUT_MS = 10 * 60_000;
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/** How one run of git ended. */
export interface GitAnswer {
  readonly ok: boolean;
  readonly stdout: string;
  /** What it said on its error stream, in English. */
  readonly message: string;
}

/**
 * Runs git in a folder. No hook of the checkout runs, nobody is asked for a password, and none of our
 * secrets is in its environment.
 *
 * @throws {SyncError} `GIT_MISSING`
 * @throws The signal's reason when it aborts; git is gone by then.
 */
export async function runGit(
  folder: string,
  args: readonly string[],
  signal: AbortSignal,
): Promise<GitAnswer> {
  signal.throwIfAborted();
  const settings = ["-c", "core.hooksPath=/dev/null", "-c", "advice.detachedHead=false"];
  const options = {
    cwd: folder,
    env: {
      ...buildEnvironment(process.env),
      ...{ LC_ALL: "C", GIT_TERMINAL_PROMPT: "0", GIT_ASKPASS: "true" },
    },
    encoding: "utf8",
    ...{ maxBuffer: MAX_OUTPUT_BYTES, timeout: TIMEOUT_MS, windowsHide: true },
    signal,
  } as const;
  return await new Promise((resolve, reject) => {
    execFile("git", [...settings, ...args], options, (error, stdout, stderr) => {
      if (signal.aborted) return reject(signal.reason);
      if (error?.code === "ENOENT") {
        const cause = { cause: error };
        return reject(
          new SyncError("GIT_MISSING", "Cannot run git: expected it on PATH, got none", cause),
        );
      }
      resolve({ ok: error === null, stdout, message: stderr.trim() || (error?.message ?? "") });
    });
  });
}
