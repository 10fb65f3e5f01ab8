import { execFile } from "node:child_process";
import { CommandError } from "../../command-error.js";
import type { Env } from "../../terminal.js";

/** Where a tool runs. */
export interface ToolPlace {
  readonly cwd: string;
  readonly env: Env;
  readonly signal: AbortSignal;
}

/** How a tool ended. */
export type ToolAnswer =
  | { readonly ok: true; readonly stdout: Buffer }
  | { readonly ok: false; readonly isMissing: boolean; readonly message: string };

// A manifest is at most 4 MiB; a list of tags may be longer.
const MAX_BYTES = 64 * 1024 * 1024;

/**
 * Runs a program to its end. That it failed, or is not there, is an answer.
 *
 * @throws {CommandError} `interrupted`, if the caller stopped it.
 */
export async function runTool(
  program: string,
  args: readonly string[],
  { cwd, env, signal }: ToolPlace,
): Promise<ToolAnswer> {
  const answer = await new Promise<ToolAnswer>((resolve) => {
    if (signal.aborted) {
      resolve({ ok: false, isMissing: false, message: "" });
      return;
    }
    // execFile looks for the program by this process's PATH unless the environment has one.
    const surroundings = { ...env, PATH: env.PATH ?? process.env.PATH };
    execFile(
      program,
      args,
      {
        cwd,
        env: surroundings,
        signal,
        encoding: "buffer",
        maxBuffer: MAX_BYTES,
        windowsHide: true,
      },
      (error, stdout, stderr) => {
        if (error === null) resolve({ ok: true, stdout });
        else {
          const message = stderr.toString("utf8").trim() || error.message;
          resolve({ ok: false, isMissing: error.code === "ENOENT", message });
        }
      },
    );
  });
  if (signal.aborted) {
    throw new CommandError("interrupted", `Stopped while ${program} was at work`);
  }
  return answer;
}
