/**
 * How long a plan takes in a repository of 10,000 files and 5 services, and the fingerprints in it.
 *
 *   npm run bench -- cli/bench/plan            30 runs of each
 *   npm run bench -- cli/bench/plan --quick    8
 *
 * In turns, so that a busy moment hits all alike: `git ls-tree -r HEAD` alone, read to its end; the
 * fingerprints of HEAD; the same with the look whether the working tree is clean, beside `git status`
 * alone; and of a tree with two changed files. These run inside one process, first in a new one each
 * ("cold": nothing is compiled yet), then again and again. Then `tideline plan` as a process of the
 * built package, against this repository's ledger in the embedded server on loopback, beside
 * `node -e 0`. Ends with status 1 if a median passes its limit.
 *
 * How it could mislead: the limit beside git's listing is for the second group; in a new process
 * Node first compiles what git has compiled already, which the first group shows. All files are in
 * the page cache, and the ledger is on loopback: a real one adds a round trip.
 */
import { execFile, execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startServer } from "@tideline/embedded";
import { fingerprintInputs, readInputTree } from "@tideline/stamp";
import { GIT_ENV } from "../../testing/src/git-rig.js";

const FILES = 10_000;
const SERVICES = ["web", "api", "admin", "jobs", "proxy"];
const LIMITS = { fingerprintsMs: 100, timesListing: 2, planMs: 500 };
const RUNS = process.argv.includes("--quick") ? 8 : 30;
const COLD_FLAG = "--cold-in=";
const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const MAIN = fileURLToPath(new URL("../dist/main.js", import.meta.url));
const ENV = { PATH: process.env.PATH, HOME: process.env.HOME, ...GIT_ENV };

type Times = Map<string, number[]>;
const LISTING = "git ls-tree -r HEAD";
const HEAD = "fingerprints of HEAD";
const STATUS = "git status";
const CLEAN = "fingerprints, clean tree";

const coldFolder = process.argv.find((arg) => arg.startsWith(COLD_FLAG))?.slice(COLD_FLAG.length);
if (coldFolder !== undefined) await printColdTimes(coldFolder);
else await main();

async function main(): Promise<void> {
  build();
  const folder = makeRepository();
  try {
    const cold = await measureCold(folder);
    const warm: Times = new Map();
    for (let round = -1; round < RUNS; round++) {
      for (const [name, step] of steps(folder))
        await time(round < 0 ? new Map() : warm, name, step);
    }
    report(`In a new process each (${cold.get(HEAD)?.length} runs)`, cold);
    report(`Again and again in one process (${RUNS} runs)`, warm);
    fail(
      median(cold.get(HEAD) ?? []) > LIMITS.fingerprintsMs,
      `the limit is ${LIMITS.fingerprintsMs} ms`,
    );
    checkFingerprints(warm);
    await reportChanged(folder);
    await reportPlan(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function steps(folder: string): readonly (readonly [string, () => Promise<unknown>])[] {
  return [
    [LISTING, () => git(folder, "ls-tree", "-r", "HEAD")],
    [
      HEAD,
      async () => {
        const tree = await readInputTree(folder, ENV, { commit: "HEAD" });
        return await fingerprints(folder, { tree });
      },
    ],
    [STATUS, () => git(folder, "status", "--porcelain")],
    [CLEAN, () => fingerprints(folder)],
  ];
}

async function fingerprints(root: string, more: object = {}): Promise<void> {
  const services = SERVICES.map((name) => ({
    name,
    include: [[`services/${name}/**`], ["shared", "libraries/*/src/**"]],
    extra: [`services/${name}/Dockerfile`],
    outputs: [`services/${name}/dist`],
    variables: ["CONVEX_URL"],
  }));
  const ids = await fingerprintInputs({ root, env: ENV, services, ...more });
  if (new Set(ids.values()).size !== SERVICES.length) throw new Error("Cannot measure: equal ids");
}

function git(cwd: string, ...args: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile("git", args, { cwd, env: ENV, maxBuffer: 2 ** 28 }, (error) =>
      error ? reject(error) : resolve(),
    );
  });
}

async function time(times: Times, name: string, step: () => Promise<unknown>): Promise<void> {
  const startedAt = performance.now();
  await step();
  times.set(name, [...(times.get(name) ?? []), performance.now() - startedAt]);
}

/** One new process for each step and run: what is compiled for one would warm another. */
async function measureCold(folder: string): Promise<Times> {
  const times: Times = new Map();
  for (let round = 0; round < Math.ceil(RUNS / 2); round++) {
    for (const [name] of steps(folder)) {
      const node = ["--conditions=convex", "--import", "tsx", fileURLToPath(import.meta.url)];
      const out = execFileSync(process.execPath, [...node, `${COLD_FLAG}${folder}`, name], {
        cwd: ROOT,
        encoding: "utf8",
      });
      times.set(name, [...(times.get(name) ?? []), Number(out)]);
    }
  }
  return times;
}

async function printColdTimes(folder: string): Promise<void> {
  const [name, step] = steps(folder).find(([name]) => process.argv.includes(name)) ?? [];
  if (name === undefined || step === undefined) throw new Error("Cannot measure: no such step");
  const times: Times = new Map();
  await time(times, name, step);
  console.log(times.get(name)?.[0]);
}

function report(title: string, times: Times): void {
  console.log(`\n${title}`);
  for (const [name, all] of times) {
    const beside = name === HEAD ? [LISTING] : name === CLEAN ? [LISTING, STATUS] : [];
    const ratios = beside.map(
      (other) => `${(median(all) / median(times.get(other) ?? [])).toFixed(2)} x ${other}`,
    );
    console.log(
      `  ${name.padEnd(26)} median ${format(median(all))}  p95 ${format(quantile(all, 0.95))}   ${ratios.join(", ")}`,
    );
  }
}

function checkFingerprints(times: Times): void {
  const [ours, listing] = [median(times.get(HEAD) ?? []), median(times.get(LISTING) ?? [])];
  fail(ours > LIMITS.fingerprintsMs, `the limit is ${LIMITS.fingerprintsMs} ms`);
  fail(ours > listing * LIMITS.timesListing, `the limit is ${LIMITS.timesListing} x ${LISTING}`);
}

async function reportChanged(folder: string): Promise<void> {
  writeFileSync(join(folder, "services/web/part-0/file-0.ts"), "changed\n");
  writeFileSync(join(folder, "services/web/new.ts"), "new\n");
  const times: Times = new Map();
  for (let round = 0; round < RUNS; round++) {
    await time(times, "fingerprints, changed tree", () => fingerprints(folder));
  }
  report("With one changed and one new file", times);
  execFileSync("git", ["checkout", "--quiet", "."], { cwd: folder, env: ENV });
  rmSync(join(folder, "services/web/new.ts"));
}

async function reportPlan(folder: string): Promise<void> {
  const data = mkdtempSync(join(tmpdir(), "tideline-bench-data-"));
  const server = await startServer({
    ...{ dir: join(ROOT, "convex"), data, port: 0, sitePort: 0, log: () => {} },
  });
  try {
    const times: Times = new Map();
    const plan = [MAIN, "plan", "--environment", "staging", "--url", server.url];
    for (let round = -1; round < RUNS; round++) {
      const counted = round < 0 ? new Map() : times;
      await time(counted, "tideline plan", () => runNode(folder, plan));
      await time(counted, "tideline plan --json", () => runNode(folder, [...plan, "--json"]));
      await time(counted, "node -e 0", () => runNode(folder, ["-e", "0"]));
    }
    report(`From the command to its end (${RUNS} runs)`, times);
    const slowest = Math.max(
      ...["tideline plan", "tideline plan --json"].map((name) => median(times.get(name) ?? [])),
    );
    fail(slowest > LIMITS.planMs, `the limit is ${LIMITS.planMs} ms`);
  } finally {
    await server.close();
    rmSync(data, { recursive: true });
  }
}

function runNode(cwd: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      cwd,
      env: ENV,
      stdio: ["ignore", "ignore", "inherit"],
    });
    child.once("error", reject);
    child.once("close", (code) =>
      code === 0 ? resolve() : reject(new Error(`Cannot measure: exit code ${code}`)),
    );
  });
}

function build(): void {
  for (const name of ["version", "stamp", "cli"]) {
    execFileSync("npm", ["run", "build", "-w", `packages/${name}`], {
      ...{ cwd: ROOT, stdio: ["ignore", "ignore", "inherit"] },
    });
  }
}

function makeRepository(): string {
  const folder = mkdtempSync(join(tmpdir(), "tideline-bench-"));
  const run = (...args: string[]) => execFileSync("git", args, { cwd: folder, env: ENV });
  run("init", "--quiet", "--initial-branch=main");
  const places = [
    ...SERVICES.map((name) => `services/${name}`),
    "shared",
    "libraries/a/src",
    "docs",
  ];
  for (let index = 0; index < FILES; index++) {
    const place = places[index % places.length];
    const part = join(folder, `${place}/part-${Math.floor(index / (places.length * 50))}`);
    mkdirSync(part, { recursive: true });
    writeFileSync(join(part, `file-${index}.ts`), `${index}\n`);
  }
  const services = SERVICES.map((name) => [
    name,
    { paths: [`services/${name}/**`], dependsOn: ["base"], publicVariables: ["CONVEX_URL"] },
  ]);
  const config = {
    shared: { base: ["shared", "libraries/*/src/**"] },
    services: Object.fromEntries(services),
  };
  writeFileSync(join(folder, "tideline.config.json"), JSON.stringify(config));
  writeFileSync(join(folder, "version.json"), '{"version":"1.0.0"}\n');
  writeFileSync(join(folder, "package-lock.json"), "{}\n");
  run("add", "--all");
  run("commit", "--quiet", "--message", "all");
  return folder;
}

function fail(isWrong: boolean, sentence: string): void {
  if (!isWrong) return;
  process.exitCode = 1;
  console.log(`  TOO SLOW: ${sentence}`);
}

function format(ms: number): string {
  return `${ms.toFixed(1).padStart(6)} ms`;
}

function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}
