/**
 * What a swap costs beside a bare rename, and a binary's sha256 beside a bare loop.
 *
 *   npm run bench -- fleet/bench/swap            200 swaps and 20 hashes of each
 *   npm run bench -- fleet/bench/swap --quick    20 and 5
 *
 * In turns, so that a busy moment hits all alike: `rename` alone; a rename with the two syncs that any
 * safe one needs; `swapIn`, which also recomputes the sha256 of the live binary and keeps it; the same
 * for a binary of 21 MiB. Then the sha256 of 64 MiB: in memory, piece by piece; `hashFile`; and
 * `readLive` of four such binaries, one after the other. Ends with status 1 if a median passes its limit.
 *
 * How it could mislead: the files lie in the temporary folder, whose disk may answer a sync without
 * having written anything, and all of them are in the page cache. The service keeps running during a
 * swap, so none of this is its downtime.
 */
import { createHash } from "node:crypto";
import { link, mkdir, mkdtemp, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hashFile } from "../src/artifact/hash-file.js";
import { readLive } from "../src/swap/read-live.js";
import { swapIn } from "../src/swap/swap-in.js";
import { syncFile } from "../src/swap/sync-file.js";
import { writeVersionFile } from "../src/swap/version-file.js";
import { syncFolder } from "../src/sync-folder.js";

const MIB = 1024 * 1024;
const SIZES = { "64 KiB": MIB / 16, "21 MiB": 21 * MIB };
const LIMITS = { timesLoop: 2, fourBinariesMs: 1_000 };
const isQuick = process.argv.includes("--quick");
const SWAPS = isQuick ? 20 : 200;
const HASHES = isQuick ? 5 : 20;

type Times = Map<string, number[]>;

const folder = await mkdtemp(join(tmpdir(), "tideline-bench-"));
try {
  await measureSwaps();
  await measureHashes();
} finally {
  await rm(folder, { recursive: true });
}

async function measureSwaps(): Promise<void> {
  const times: Times = new Map();
  const machines = await Promise.all(
    Object.entries(SIZES).map(async ([name, size]) => await makeMachine(name, size)),
  );
  const [small] = machines;
  if (small === undefined) throw new Error("Cannot measure: no machine");
  // The first round warms the page cache and does not count.
  for (let round = -1; round < SWAPS; round++) {
    const into = round < 0 ? new Map() : times;
    const bare = await small.stage(round);
    await time(into, "rename", () => rename(bare, small.live));
    const synced = await small.stage(round + 1);
    await time(into, "sync, rename, sync", async () => {
      await syncFile(synced);
      await rename(synced, small.live);
      await syncFolder(small.folder);
    });
    for (const machine of machines) {
      await machine.settle();
      const staged = await machine.stage(round);
      await time(into, `swapIn, ${machine.name}`, () => swapIn({ live: machine.live, staged }));
    }
  }
  console.log(`\nOne swap (${SWAPS} of each)`);
  print(times, "rename");
}

async function measureHashes(): Promise<void> {
  const times: Times = new Map();
  const bytes = Buffer.alloc(64 * MIB, "tideline");
  const machines = await Promise.all(
    ["nats", "arc", "liftbridge", "telegraf"].map((name) => makeMachine(name, bytes.length)),
  );
  for (const machine of machines) await machine.settle();
  const path = machines[0]?.live ?? "";
  const loop = "sha256 in memory, 64 MiB";
  for (let round = -1; round < HASHES; round++) {
    const into = round < 0 ? new Map() : times;
    await time(into, loop, async () => {
      const hash = createHash("sha256");
      for (let at = 0; at < bytes.length; at += MIB) hash.update(bytes.subarray(at, at + MIB));
      hash.digest("hex");
    });
    await time(into, "hashFile, 64 MiB", () => hashFile(path));
    await time(into, "readLive, 4 x 64 MiB", async () => {
      for (const { live } of machines) {
        const found = await readLive(live);
        if (found.state !== "known") throw new Error(`Cannot measure: ${found.state}`);
      }
    });
  }
  console.log(`\nWhat a binary is (${HASHES} of each)`);
  print(times, loop);
  const [ours, bare] = [median(times, "hashFile, 64 MiB"), median(times, loop)];
  fail(ours > LIMITS.timesLoop * bare, `hashFile: the limit is ${LIMITS.timesLoop} x the loop`);
  const four = median(times, "readLive, 4 x 64 MiB");
  fail(four > LIMITS.fourBinariesMs, `readLive: the limit is ${LIMITS.fourBinariesMs} ms`);
}

/** A live binary of a size, known by its `.version`, and any number of others to put in its place. */
async function makeMachine(name: string, size: number) {
  const home = join(folder, name.replaceAll(" ", "-"));
  await mkdir(join(home, ".staging"), { recursive: true });
  const live = join(home, "service");
  const programs = [join(home, ".staging", "0"), join(home, ".staging", "1")] as const;
  for (const [index, path] of programs.entries()) {
    await writeFile(path, Buffer.alloc(size, `program ${index}`), { mode: 0o755 });
    await syncFile(path);
  }
  await link(programs[0], live);
  let count = 0;
  return {
    name,
    live,
    folder: home,
    /** Gives one of the two programs another name, to be swapped in. */
    stage: async (round: number) => {
      const staged = join(home, ".staging", `staged-${count++}`);
      await link(programs[round % 2 === 0 ? 0 : 1], staged);
      return staged;
    },
    /** Lets `.version` speak of what is live now. */
    settle: async () => {
      const { sha256 } = await hashFile(live);
      const { mtimeMs } = await stat(live);
      const file = { commit: null, timestamp: mtimeMs, checksum: sha256, version: null, seq: null };
      await writeVersionFile(home, file);
    },
  };
}

async function time(times: Times, name: string, step: () => Promise<unknown>): Promise<void> {
  const startedAt = performance.now();
  await step();
  times.set(name, [...(times.get(name) ?? []), performance.now() - startedAt]);
}

function print(times: Times, beside: string): void {
  for (const [name, all] of times) {
    const ratio = (median(times, name) / median(times, beside)).toFixed(2);
    const figures = `median ${format(median(times, name))}  p95 ${format(quantile(all, 0.95))}`;
    console.log(`  ${name.padEnd(26)} ${figures}   ${ratio} x ${beside}`);
  }
}

function fail(isTooSlow: boolean, sentence: string): void {
  if (!isTooSlow) return;
  process.exitCode = 1;
  console.log(`  TOO SLOW: ${sentence}`);
}

function median(times: Times, name: string): number {
  return quantile(times.get(name) ?? [], 0.5);
}

function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

function format(ms: number): string {
  return `${ms.toFixed(2).padStart(8)} ms`;
}
