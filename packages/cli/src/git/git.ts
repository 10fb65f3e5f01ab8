/** git as a child process, for the commands that fetch, write commits and push. */
import { execFile } from "node:child_process";
import { isCi } from "@tideline/stamp";
import { CommandError } from "../command-error.js";
import type { Env } from "../terminal.js";

/** How one run of git ended. */
export interface GitAnswer {
  readonly ok: boolean;
  readonly stdout: string;
  /** What it said on its error stream, trimmed; a sentence of ours where git could not run. */
  readonly stderr: string;
}

/** Runs git with arguments. Throws only a CommandError `interrupted`, when the signal fired. */
export type Git = (args: readonly string[], options?: GitRunOptions) => Promise<GitAnswer>;

/** How to run it once. */
export interface GitRunOptions {
  readonly input?: string;
  /** On top of the environment. */
  readonly env?: Env;
  /** True to read and write bytes as they are, one character each: names of files may be no UTF-8. */
  readonly isBinary?: boolean;
}

/**
 * Opens git for a folder.
 *
 * @param options.signal Kills what runs.
 */
export function openGit(options: {
  readonly cwd: string;
  readonly env: Env;
  readonly signal?: AbortSignal;
}): Git {
  const { cwd, signal } = options;
  const env = {
    ...options.env,
    PATH: options.env.PATH ?? process.env.PATH,
    // The messages are read here; in CI nobody answers a question.
    LC_ALL: "C",
    ...(isCi(options.env) && { GIT_TERMINAL_PROMPT: "0" }),
  };
  return async (args, { input, env: more, isBinary = false } = {}) => {
    if (signal?.aborted) throw interrupted();
    return await new Promise<GitAnswer>((resolve, reject) => {
      const child = execFile(
        "git",
        args,
        {
          cwd,
          env: { ...env, ...more },
          encoding: isBinary ? "latin1" : "utf8",
          maxBuffer: 1024 * 1024 * 1024,
          windowsHide: true,
          ...(signal && { signal }),
        },
        (error, stdout, stderr) => {
          // Ctrl-C reaches git as well, and may end it before the signal is seen here.
          if (signal?.aborted || error?.signal === "SIGINT") return reject(interrupted());
          const isMissing = error !== null && String(error.code) === "ENOENT";
          resolve({
            ok: error === null,
            stdout,
            stderr: isMissing
              ? `the command git was not found, or the folder "${cwd}" does not exist`
              : stderr.trim() || (error?.message ?? ""),
          });
        },
      );
      // A git that ends without reading its input is judged by its exit code.
      child.stdin?.on("error", () => {});
      child.stdin?.end(input ?? "", isBinary ? "latin1" : "utf8");
    });
  };
}

function interrupted(): CommandError {
  return new CommandError("interrupted", "Stopped: nothing was pushed");
}
