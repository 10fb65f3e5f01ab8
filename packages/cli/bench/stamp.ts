/**
 * How long `tideline stamp` takes from a cold start to its end, as a process of the built package.
 *
 *   npm run bench -- cli/bench/stamp            30 runs of each
 *   npm run bench -- cli/bench/stamp --quick    8
 *
 * It builds the packages first. Beside it, in turns with it so that a busy moment hits all alike:
 * `node -e 0`, the least that a command for Node can take, and `git rev-parse HEAD`, the least that
 * git can. Once in a repository of one file and once in one of 10,000, both clean. Ends with status
 * 1 if a median passes the limit.
 *
 * How it could mislead: "cold" is a new process, not a cold disk: after the first runs all files
 * are in the page cache. With changed files git status takes longer, with a slower disk much so.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { GIT_ENV } from "../../testing/src/git-rig.js";

const LIMIT_MS = 200;
const RUNS = process.argv.includes("--quick") ? 8 : 30;
const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const MAIN = fileURLToPath(new URL("../dist/main.js", import.meta.url));
const ENV = { PATH: process.env.PATH, HOME: process.env.HOME, ...GIT_ENV };

const NODE = process.execPath;
const COMMANDS: readonly (readonly [name: string, command: string, ...args: string[]])[] = [
  ["tideline stamp", NODE, MAIN, "stamp", "--app", "web"],
  ["node -e 0", NODE, "-e", "0"],
  ["git rev-parse HEAD", "git", "rev-parse", "HEAD"],
];

for (const name of ["version", "stamp", "cli"]) {
  execFileSync("npm", ["run", "build", "-w", `packages/${name}`], {
    cwd: ROOT,
    stdio: ["ignore", "ignore", "inherit"],
  });
}
for (const fileCount of [1, 10_000]) {
  const folder = makeRepository(fileCount);
  try {
    report(fileCount, measure(folder));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function makeRepository(fileCount: number): string {
  const folder = mkdtempSync(join(tmpdir(), "tideline-bench-"));
  const git = (...args: string[]) => execFileSync("git", args, { cwd: folder, env: ENV });
  git("init", "--quiet", "--initial-branch=main");
  for (let i = 0; i < fileCount; i++) {
    const part = join(folder, `packages/part-${Math.floor(i / 100)}`);
    if (i % 100 === 0) mkdirSync(part, { recursive: true });
    writeFileSync(join(part, `file-${i}.txt`), `${i}\n`);
  }
  git("add", "--all");
  git("commit", "--quiet", "--message", "all");
  return folder;
}

/** The times in ms, by the command's name. */
function measure(folder: string): Map<string, number[]> {
  const times = new Map<string, number[]>();
  // The first round warms the page cache and does not count.
  for (let round = -1; round < RUNS; round++) {
    for (const [name, command, ...args] of COMMANDS) {
      const startedAt = performance.now();
      const { status, stderr } = spawnSync(command, args, { cwd: folder, env: ENV });
      const ms = performance.now() - startedAt;
      if (status !== 0) throw new Error(`Cannot measure ${name}: ${stderr}`);
      if (round >= 0) times.set(name, [...(times.get(name) ?? []), ms]);
    }
  }
  return times;
}

function report(fileCount: number, times: ReadonlyMap<string, readonly number[]>): void {
  const median = (name: string) => quantile(times.get(name) ?? [], 0.5);
  const ours = median("tideline stamp");
  console.log(`\n${fileCount} ${fileCount === 1 ? "file" : "files"}, ${RUNS} runs of each`);
  for (const [name, all] of times) {
    const ratio = (ours / median(name)).toFixed(1);
    const beside = name === "tideline stamp" ? "" : `   tideline stamp is ${ratio} x`;
    console.log(
      `  ${name.padEnd(20)} median ${format(median(name))}  p95 ${format(quantile(all, 0.95))}${beside}`,
    );
  }
  if (ours > LIMIT_MS) {
    process.exitCode = 1;
    console.log(`  TOO SLOW: the limit is ${LIMIT_MS} ms`);
  }
}

function format(ms: number): string {
  return `${ms.toFixed(0).padStart(4)} ms`;
}

function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}
