import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { builtScript } from "../built-script.js";
import { type CrashResult, type CrashWork, resultPath } from "./crash-process.js";

const SCRIPT = fileURLToPath(new URL("./crash-process.ts", import.meta.url));

/** A process in which every job stands still. */
export interface Standing {
  /** What came of each job, in order. */
  readonly results: readonly CrashResult[];
  /** Ends it with SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
}

/** Runs jobs in one process of their own until each of them stands at its step, or has ended. */
export async function standStill(jobs: readonly CrashWork[]): Promise<Standing> {
  const folder = await mkdtemp(join(tmpdir(), "tideline-crash-work-"));
  const path = join(folder, "work.json");
  await writeFile(path, JSON.stringify(jobs));
  const child = spawn(process.execPath, [await builtScript(SCRIPT), path], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  child.stderr.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  const ended = new Promise<NodeJS.Signals | null>((resolve) => {
    child.once("exit", (_code, signal) => resolve(signal));
  });
  await new Promise<void>((resolve, reject) => {
    child.stdout.on("data", (chunk: Buffer) => {
      if (chunk.toString().includes("all stand still")) resolve();
    });
    void ended.then(() => reject(new Error(`The process ended by itself: ${output}`)));
  });
  await rm(folder, { recursive: true });
  const results = await Promise.all(
    jobs.map(async ({ config }) => JSON.parse(await readFile(resultPath(config.folder), "utf8"))),
  );
  return {
    results,
    async kill() {
      child.kill("SIGKILL");
      const signal = await ended;
      if (signal !== "SIGKILL") throw new Error(`Expected SIGKILL, got ${signal}: ${output}`);
    },
  };
}

/** Has jobs stand still and kills their process: each of them crashes at exactly its step. */
export async function crashAll(jobs: readonly CrashWork[]): Promise<readonly CrashResult[]> {
  const { results, kill } = await standStill(jobs);
  await kill();
  return results;
}
