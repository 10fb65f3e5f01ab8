import { execFile } from "node:child_process";
import type { Env } from "./ci.js";

/** How one run of git ended. */
export interface GitAnswer {
  readonly ok: boolean;
  /** True if there is no such command, or no such folder. */
  readonly isMissing: boolean;
  readonly stdout: string;
  /** What it said on its error stream, in English. */
  readonly message: string;
}

/**
 * Runs git in a folder. Takes no lock and never throws.
 *
 * @param encoding How what it says is read.
 */
export function runGit(
  cwd: string,
  env: Env,
  args: readonly string[],
  encoding: "utf8" | "latin1" = "utf8",
): Promise<GitAnswer> {
  return new Promise((resolve) => {
    execFile(
      "git",
      args,
      {
        cwd,
        // Locks would disturb an editor's git, and a refreshed index would be a changed repository; what
        // it says is compared in English.
        env: { ...env, PATH: env.PATH ?? process.env.PATH, GIT_OPTIONAL_LOCKS: "0", LC_ALL: "C" },
        encoding,
        // A list of all that is in a large repository.
        maxBuffer: 1024 * 1024 * 1024,
        windowsHide: true,
      },
      (error, stdout, stderr) => {
        resolve({
          ok: error === null,
          isMissing: error !== null && error.code === "ENOENT",
          stdout,
          message: stderr.trim() || (error?.message ?? ""),
        });
      },
    );
  });
}
