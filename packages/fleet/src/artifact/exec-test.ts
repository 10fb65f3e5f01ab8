import { spawn } from "node:child_process";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { signalGroup } from "../signal-group.js";
import { SyncError } from "../sync-error.js";
import { execFormatProblem } from "./exec-format.js";
import { saysVersion } from "./says-version.js";

/** What {@link execTest} is asked. */
export interface ExecTest {
  /** Absolute path of the staged binary. */
  readonly path: string;
  /** What messages call it, where `path` is but a copy. @default path */
  readonly shownAs?: string;
  /** Handed over as they are; no shell takes part. */
  readonly args: readonly string[];
  /** What its output has to name; null if anything will do. */
  readonly version: string | null;
  /** Then it gets SIGTERM. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** From SIGTERM to SIGKILL. @default 2_000 */
  readonly graceMs?: number;
}

/**
 * Runs a staged binary once and looks at what it says of itself, before anything live is changed: it
 * shows another processor, a missing loader or C library, a `noexec` mount, a wrong build.
 *
 * It runs in a process group of its own, which is ended with it, in an empty folder that is removed,
 * with an environment of five variables, without input. The network is not taken away from it.
 *
 * @returns What it has written to both outputs, as it came; the first 64 KiB.
 * @throws {SyncError} `EXEC_FAILED`, `EXEC_TIMED_OUT`, `EXEC_WRONG_VERSION`.
 * @throws The signal's reason when it aborts; the process is gone by then.
 */
export async function execTest(test: ExecTest): Promise<{ readonly output: string }> {
  const { path, shownAs = path, args, version, timeoutMs, signal } = test;
  signal.throwIfAborted();
  const problem = execFormatProblem(await readHead(path));
  if (problem !== null) throw failed(shownAs, problem);
  const folder = await mkdtemp(join(tmpdir(), "tideline-exec-"));
  try {
    const end = await run(test, folder);
    signal.throwIfAborted();
    const said = JSON.stringify(end.output.slice(0, MAX_QUOTED));
    if (end.timedOut) {
      throw new SyncError(
        "EXEC_TIMED_OUT",
        `Cannot run "${shownAs}": expected an end within ${timeoutMs} ms, got none; it said ${said}`,
      );
    }
    if (end.code !== 0) {
      throw failed(
        shownAs,
        `expected exit code 0, got "${end.code ?? end.signal}"; it said ${said}`,
      );
    }
    if (version !== null && !saysVersion(end.output, version)) {
      throw new SyncError(
        "EXEC_WRONG_VERSION",
        `Cannot take "${shownAs}": expected "${args.join(" ")}" to name "${version}", got ${said}`,
      );
    }
    return { output: end.output };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function readHead(path: string): Promise<Uint8Array> {
  const handle = await open(path, "r");
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(64), 0, 64, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
  readonly timedOut: boolean;
}

async function run(test: ExecTest, folder: string): Promise<End> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await runOnce(test, folder);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? "";
      // Another child that was forked while the file was still open for writing holds it so until it
      // has become its own program (go.dev/issue/22315).
      if (code === "ETXTBSY" && attempt < MAX_BUSY_TRIES) {
        await sleep(20 * attempt);
        continue;
      }
      throw failed(
        test.shownAs ?? test.path,
        EXPLANATIONS[code] ?? `it could not be started: ${code}`,
        error,
      );
    }
  }
}

function runOnce(test: ExecTest, folder: string): Promise<End> {
  const { path, args, timeoutMs, signal, graceMs = 2_000 } = test;
  const child = spawn(path, args, {
    cwd: folder,
    env: environment(folder),
    shell: false,
    detached: process.platform !== "win32",
    stdio: ["ignore", "pipe", "pipe"],
    windowsHide: true,
  });
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const collect = (chunk: Buffer) => {
      // What is beyond is read and dropped: a program that cannot write any more would not end.
      if (bytes < MAX_OUTPUT_BYTES) chunks.push(chunk.subarray(0, MAX_OUTPUT_BYTES - bytes));
      bytes += chunk.length;
    };
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);

    let timedOut = false;
    let killTimer: NodeJS.Timeout | undefined;
    const timer = setTimeout(() => {
      timedOut = true;
      signalGroup(child.pid, "SIGTERM");
      killTimer = setTimeout(() => signalGroup(child.pid, "SIGKILL"), graceMs);
    }, timeoutMs);
    const onAbort = () => signalGroup(child.pid, "SIGKILL");
    signal.addEventListener("abort", onAbort);
    const stop = () => {
      clearTimeout(timer);
      clearTimeout(killTimer);
      signal.removeEventListener("abort", onAbort);
    };

    child.once("error", (error) => {
      stop();
      reject(error);
    });
    child.once("exit", () => {
      // Its children go with it, and with them the other ends of its outputs.
      signalGroup(child.pid, "SIGKILL");
      clearTimeout(killTimer);
      // One that has left the group may hold them open for ever.
      killTimer = setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
      }, graceMs);
    });
    child.once("close", (code, signal) => {
      stop();
      clearTimeout(killTimer);
      resolve({ code, signal, output: Buffer.concat(chunks).toString("utf8"), timedOut });
    });
  });
}

function environment(folder: string): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = {
    // Last our own Node's: tideline-sync is a program for it, wherever a version manager has put it.
    PATH: `/usr/local/bin:/usr/bin:/bin:${dirname(process.execPath)}`,
    HOME: folder,
    TMPDIR: folder,
    LANG: "C",
    TZ: "UTC",
  };
  if (process.platform !== "win32") return env;
  // Without it no program of Windows can load its libraries.
  const { SystemRoot = "C:\\Windows" } = process.env;
  return { SystemRoot, PATH: `${SystemRoot}\\System32`, TEMP: folder, TMP: folder };
}

function failed(path: string, problem: string, cause?: unknown): SyncError {
  return new SyncError("EXEC_FAILED", `Cannot run "${path}": ${problem}`, { cause });
}

const EXPLANATIONS: Readonly<Record<string, string>> = {
  ENOENT: "its loader, or the interpreter in its first line, is missing here",
  EACCES: "it may not be executed here; the file system may be mounted noexec",
  ENOEXEC: "it is no program for this system",
  ETXTBSY: "another process still writes to it",
};

const MAX_OUTPUT_BYTES = 64 * 1024;
const MAX_QUOTED = 300;
const MAX_BUSY_TRIES = 10;
