/** `tideline-sync` as a process of its own, as users have it: one file, and Node. */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { builtSync } from "./built-sync.js";

/** A run that may be looked at while it lasts. */
export interface SyncProcess {
  readonly child: ChildProcess;
  /** What it has written so far, both streams, whole lines. */
  readonly lines: string[];
  readonly stdout: () => string;
  /** Resolves with the first line that matches, written already or later. */
  readonly untilLine: (pattern: RegExp) => Promise<RegExpExecArray>;
  /** Its exit code; null if a signal ended it. */
  readonly ended: Promise<number | null>;
}

/** Where it runs, and what of. */
export interface SyncProcessOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** A one-file executable. @default what the sources are now */
  readonly file?: string;
}

/** Starts it; the caller ends it. */
export async function startSync(
  args: readonly string[],
  { cwd, env = {}, file }: SyncProcessOptions,
): Promise<SyncProcess> {
  const { PATH = "", HOME = "" } = process.env;
  const child = spawn(process.execPath, [file ?? (await builtSync()), ...args], {
    ...{ cwd, env: { PATH, HOME, ...env }, stdio: ["ignore", "pipe", "pipe"] },
  });
  const lines: string[] = [];
  const output: string[] = [];
  const waiting = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      lines.push(line);
      if (stream === child.stdout) output.push(line);
      for (const look of waiting) look();
    });
  }
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  const untilLine = (pattern: RegExp) =>
    new Promise<RegExpExecArray>((resolve, reject) => {
      const look = () => {
        const match = lines.map((line) => pattern.exec(line)).find((found) => found !== null);
        if (match === undefined) return;
        waiting.delete(look);
        resolve(match);
      };
      waiting.add(look);
      look();
      void ended.then(() =>
        reject(new Error(`It ended without a line like ${pattern}:\n${lines.join("\n")}`)),
      );
    });
  return { child, lines, stdout: () => output.join("\n"), untilLine, ended };
}

/** Runs it to its end. */
export async function runSync(
  args: readonly string[],
  options: SyncProcessOptions,
): Promise<{ readonly code: number | null; readonly stdout: string; readonly lines: string[] }> {
  const run = await startSync(args, options);
  const code = await run.ended;
  return { code, stdout: run.stdout(), lines: run.lines };
}
