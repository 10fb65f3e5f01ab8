import { execFile } from "node:child_process";
import type { Env } from "../ci.js";

/** How one run of git ended. Bytes are characters 0 to 255: names of files may be no UTF-8. */
export interface GitBytes {
  readonly ok: boolean;
  readonly isMissing: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs git in a folder and gives what it said, whatever its exit code. */
export function askGit(cwd: string, env: Env, args: readonly string[]): Promise<GitBytes> {
  return new Promise((resolve) => {
    execFile(
      "git",
      args,
      {
        cwd,
        // Locks would disturb an editor's git, and a refreshed index would be a changed repository.
        env: { ...env, PATH: env.PATH ?? process.env.PATH, GIT_OPTIONAL_LOCKS: "0", LC_ALL: "C" },
        encoding: "latin1",
        maxBuffer: 1024 * 1024 * 1024,
        windowsHide: true,
      },
      (error, stdout, stderr) => {
        resolve({
          ok: error === null,
          isMissing: error !== null && error.code === "ENOENT",
          stdout,
          stderr: stderr.trim() || (error?.message ?? ""),
        });
      },
    );
  });
}
