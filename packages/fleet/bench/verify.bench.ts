/**
 * What `tideline-sync verify` takes for four binaries of 64 MiB, beside a bare loop of sha256 over the
 * same files.
 *
 *   npm run bench -- fleet/bench/verify            20 of each
 *   npm run bench -- fleet/bench/verify --quick    5
 *
 * Ends with status 1 if the four take more than 1 s, or anything more than 1.5 times its loop (medians).
 *
 * In turns: the loop (open, read 1 MiB, update, over and over, nothing else); `verifyBinary` of the
 * four, which also reads `.version` and judges; the whole command with the configuration, the trust
 * store and its text; and the command where each of the four has a kept binary of 64 MiB as well,
 * beside a loop over all eight.
 *
 * How it could mislead: the files are in the page cache, from a cold disk its own speed decides, for
 * the loop as well. The start of Node (tens of ms) is in none of them.
 */
import { createHash } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { SignedFleet } from "@tideline/testing/signed-fleet";
import { median, printTable } from "../../embedded/bench/support/table.js";
import { hashFile } from "../src/artifact/hash-file.js";
import { loadConfig } from "../src/config/load-config.js";
import { verifyBinary } from "../src/publish/verify-binary.js";
import { run } from "../src/run.js";
import { writeVersionFile } from "../src/swap/version-file.js";

const MIB = 1024 * 1024;
const SIZE = 64 * MIB;
const NAMES = ["nats", "arc", "liftbridge", "telegraf"];
const LIMITS = { ms: 1_000, timesLoop: 1.5 };
const ROUNDS = process.argv.includes("--quick") ? 5 : 20;

const folder = await mkdtemp(join(tmpdir(), "tideline-bench-"));
const binaries = NAMES.map((name) => join(folder, name, ".bin", name));
const kept = binaries.map((path, at) => join(dirname(path), ".previous", NAMES[at] ?? ""));
try {
  await install();
  const rows = await measureAll();
  console.log(`\nFour binaries of 64 MiB (${ROUNDS} of each)`);
  printTable(["", "median, ms", "most", "beside its loop", "limit"], rows);
} finally {
  await rm(folder, { recursive: true });
}

async function install(): Promise<void> {
  for (const [at, path] of binaries.entries()) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, Buffer.alloc(SIZE, `program ${at}`), { mode: 0o755 });
    await noteVersion(path);
  }
  const { trust } = new SignedFleet();
  const subsystems = Object.fromEntries(
    NAMES.map((name) => [name, { binary: `${name}/.bin/${name}` }]),
  );
  // JSON is YAML.
  await writeFile(join(folder, "sync.config.yaml"), JSON.stringify({ trust, subsystems }));
}

async function noteVersion(path: string): Promise<void> {
  const { sha256: checksum } = await hashFile(path);
  const version = { version: "1.0.0", seq: 1, commit: null, timestamp: Date.now(), checksum };
  await writeVersionFile(dirname(path), version);
}

async function keepPrevious(): Promise<void> {
  for (const [at, path] of kept.entries()) {
    await mkdir(dirname(path));
    await copyFile(binaries[at] ?? "", path);
    await noteVersion(path);
  }
}

async function measureAll(): Promise<string[][]> {
  const { subsystems } = await loadConfig(folder);
  const four = await inTurns({
    "bare loop over the four": () => loop(binaries),
    "verifyBinary of the four": async () => {
      for (const subsystem of Object.values(subsystems)) {
        const { state } = await verifyBinary(subsystem, [], "linux-x64-glibc");
        if (state !== "ok") throw new Error(`Cannot measure: ${state}`);
      }
    },
    "the command": verify,
  });
  await keepPrevious();
  const eight = await inTurns({
    "bare loop over four and four kept": () => loop([...binaries, ...kept]),
    "the command, with four kept": verify,
  });
  return [...report(four, LIMITS.ms), ...report(eight, null)];
}

function loop(paths: readonly string[]): void {
  const buffer = Buffer.allocUnsafe(MIB);
  for (const path of paths) {
    const hash = createHash("sha256");
    const file = openSync(path, "r");
    for (let read = readSync(file, buffer); read > 0; read = readSync(file, buffer)) {
      hash.update(buffer.subarray(0, read));
    }
    closeSync(file);
    hash.digest("hex");
  }
}

async function verify(): Promise<void> {
  const lines: string[] = [];
  const { signal } = new AbortController();
  const print = (line: string) => void lines.push(line);
  const terminal = { cwd: folder, env: {}, isInteractive: false, print, log: print, signal };
  const code = await run(["verify", "--json"], terminal);
  const said = JSON.parse(lines.at(-1) ?? "{}") as { ok?: boolean; binaries?: unknown[] };
  if (code === 0 && said.ok === true && said.binaries?.length === NAMES.length) return;
  throw new Error(`Cannot measure: it ended with ${code}: ${lines.join("\n")}`);
}

type Times = Map<string, number[]>;

async function inTurns(steps: Record<string, () => unknown>): Promise<Times> {
  const times: Times = new Map(Object.keys(steps).map((name) => [name, []]));
  // The first round warms the page cache and does not count.
  for (let round = -1; round < ROUNDS; round++) {
    for (const [name, step] of Object.entries(steps)) {
      const startedAt = performance.now();
      await step();
      if (round >= 0) times.get(name)?.push(performance.now() - startedAt);
    }
  }
  return times;
}

function report(times: Times, limitMs: number | null): string[][] {
  const [floor = []] = times.values();
  return [...times].map(([name, all], at) => {
    const figures = [median(all).toFixed(0), Math.max(...all).toFixed(0)];
    if (at === 0) return [name, ...figures, "1", ""];
    const ratio = median(all.map((ms, round) => ms / (floor[round] ?? Number.NaN)));
    const isMissed = (limitMs !== null && median(all) > limitMs) || ratio > LIMITS.timesLoop;
    if (isMissed) process.exitCode = 1;
    const time = limitMs === null ? "" : `<= ${limitMs} ms, `;
    const limit = `${time}<= ${LIMITS.timesLoop}${isMissed ? ", MISSED" : ""}`;
    return [name, ...figures, ratio.toFixed(2), limit];
  });
}
