/** A command of the configuration, run by a shell, its output passed on line by line. */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Env } from "../terminal.js";

/** How to run it. */
export interface ShellOptions {
  readonly cwd: string;
  readonly env: Env;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
}

// What does not end by itself when it is asked to.
const KILL_AFTER_MS = 10_000;

/**
 * Runs a command to its end. The signal ends it and everything that it started.
 *
 * @returns Its exit code, or the name of the signal that ended it.
 * @throws {Error} If no shell could be started.
 */
export async function runShell(
  command: string,
  { cwd, env, log, signal }: ShellOptions,
): Promise<number | string> {
  signal.throwIfAborted();
  const child = spawn(command, {
    shell: true,
    cwd,
    env: { ...env },
    stdio: ["ignore", "pipe", "pipe"],
    // A group of its own, so that all of it can be ended and Ctrl-C reaches us alone.
    detached: process.platform !== "win32",
  });
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }).on("line", log);
  }
  let timer: NodeJS.Timeout | undefined;
  const stop = () => {
    end(child, "SIGTERM");
    timer = setTimeout(() => end(child, "SIGKILL"), KILL_AFTER_MS);
  };
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await new Promise<number | string>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, name) => resolve(code ?? name ?? "no exit code"));
    });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
}

function end(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    if (process.platform === "win32") child.kill(signal);
    else process.kill(-child.pid, signal);
  } catch {
    // It ended in the meantime.
  }
}
