/** Runs a subsystem's build or test commands, each with the processes that it starts. */
import { spawn } from "node:child_process";
import { createWriteStream, type WriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import { finished } from "node:stream/promises";
import type { ReasonCode } from "@tideline/version/fleet";
import { signalGroup } from "../signal-group.js";
import { SyncError } from "../sync-error.js";

const TAIL_LINES = 20;
// A build that writes without end fills no disk; its last lines are in the error.
const MAX_LOG_BYTES = 16 * 1024 * 1024;
const GRACE_MS = 5_000;

/** What is run. */
export interface Script {
  /** For messages: "build" or "test". */
  readonly what: string;
  readonly subsystem: string;
  /** One after the other, each by the shell; the first that fails ends it. */
  readonly commands: readonly string[];
  readonly folder: string;
  /** Without secrets; see build-environment.ts. */
  readonly env: NodeJS.ProcessEnv;
  /** Gets what is written to both outputs, up to 16 MiB; replaced at the start. */
  readonly logFile: string;
  /** For each command. */
  readonly timeoutMs: number;
  /** Hears every line. */
  readonly onLine: (line: string) => void;
  /** Thrown if a command fails. */
  readonly reason: ReasonCode;
  readonly signal: AbortSignal;
  /** From SIGTERM to SIGKILL. @default 5_000 */
  readonly graceMs?: number;
}

/**
 * Runs commands. Each has a process group of its own, so that whatever it has started ends with it:
 * at its end, when its time is over, and at Ctrl-C.
 *
 * @throws {SyncError} `reason`, with its last lines.
 * @throws The signal's reason when it aborts; no process of it is left.
 */
export async function runScript(script: Script): Promise<void> {
  const { commands, logFile, signal } = script;
  await mkdir(dirname(logFile), { recursive: true, mode: 0o700 });
  const log = createWriteStream(logFile, { mode: 0o600 });
  const tail: string[] = [];
  let left = MAX_LOG_BYTES;
  let isFull = false;
  const hear = (line: string): void => {
    if (left > 0) log.write(`${line}\n`);
    left -= Buffer.byteLength(line) + 1;
    if (left <= 0 && !isFull) log.write("… and more, which is left out\n");
    isFull = left <= 0;
    tail.push(line);
    if (tail.length > TAIL_LINES) tail.shift();
    script.onLine(line);
  };
  try {
    for (const command of commands) {
      signal.throwIfAborted();
      hear(`$ ${command}`);
      const problem = await runCommand(script, command, hear);
      signal.throwIfAborted();
      if (problem !== null) throw failure(script, command, problem, tail);
    }
  } finally {
    await close(log);
  }
}

/** Runs one; says in a few words what was wrong, or null. */
function runCommand(
  script: Script,
  command: string,
  onLine: (line: string) => void,
): Promise<string | null> {
  const { folder, env, timeoutMs, signal, graceMs = GRACE_MS } = script;
  const child = spawn(command, {
    ...{ cwd: folder, env, shell: true, windowsHide: true },
    detached: process.platform !== "win32",
    stdio: ["ignore", "pipe", "pipe"],
  });
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }).on("line", onLine);
  }
  return new Promise((resolve) => {
    let problem: string | null = null;
    let killTimer: NodeJS.Timeout | undefined;
    const end = (why: string): void => {
      if (problem !== null) return;
      problem = why;
      signalGroup(child.pid, "SIGTERM");
      killTimer = setTimeout(() => signalGroup(child.pid, "SIGKILL"), graceMs);
    };
    const timer = setTimeout(() => end(`no end within ${timeoutMs} ms`), timeoutMs);
    const onAbort = (): void => end("stopped");
    signal.addEventListener("abort", onAbort, { once: true });
    child.once("error", (error) => {
      problem ??= error.message;
    });
    child.once("exit", () => {
      clearTimeout(killTimer);
      // What it has left running would hold the outputs, and might still write to them.
      signalGroup(child.pid, "SIGKILL");
      killTimer = setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
      }, graceMs);
    });
    child.once("close", (code, killed) => {
      clearTimeout(timer);
      clearTimeout(killTimer);
      signal.removeEventListener("abort", onAbort);
      resolve(problem ?? (code === 0 ? null : `exit code ${code ?? killed}`));
    });
  });
}

async function close(log: WriteStream): Promise<void> {
  log.end();
  await finished(log);
}

function failure(
  { what, subsystem, logFile, reason }: Script,
  command: string,
  problem: string,
  tail: readonly string[],
): SyncError {
  const said = tail.slice(1).join("\n").slice(-2000);
  return new SyncError(
    reason,
    `Cannot ${what} ${subsystem}: expected "${command}" to end with 0, got ${problem}; its output is in ${logFile}${said === "" ? "" : `\n${said}`}`,
  );
}
