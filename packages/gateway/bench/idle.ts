/**
 * What 10,000 connected clients cost while nothing is deployed: between beats, and a beat itself.
 *
 *   npm run bench -- gateway/bench/idle            10,000 clients, 2 beats of 10 s
 *   npm run bench -- gateway/bench/idle --quick     1,000 clients, 2 beats of 4 s
 *
 * Ends with status 1 if the limit is missed. A comment goes to every stream in the middle between two
 * beats, which repeat the whole message. By default that is every 30 s; here it is more often, to end
 * sooner, and the last row reckons what was measured down to the default.
 *
 * How it could mislead: once, 10 to 20 s after thousands have come, V8 collects the garbage of that by
 * itself, for 100 to 200 ms of CPU. Collecting before it begins often prevents that; where it does not,
 * it is in the row of the most in one rest, and not in the median. Clients that come and go cost what
 * they cost (fan-out.ts). The ledger is a source in the same process, so the one connection to a real
 * one, with its ping every few seconds, is not in it.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { requireOpenFiles } from "../../embedded/bench/support/process-usage.js";
import { median, printTable } from "../../embedded/bench/support/table.js";
import { Lane } from "./support/lane.js";

const LIMIT_SHARE = 0.01;
const DEFAULT_BEAT_MS = 30_000;

const isQuick = process.argv.includes("--quick");
const count = isQuick ? 1_000 : 10_000;
const cycles = 2;
const beatMs = isQuick ? 4_000 : 10_000;
requireOpenFiles(count + 500);

/** Parts of a core. */
const idle: number[] = [];
const beats: Tick[] = [];
const comments: Tick[] = [];

interface Tick {
  readonly cpuMs: number;
  readonly spreadMs: number;
}

const lane = await Lane.open("gateway", "gateway-server.ts", { keepAliveMs: beatMs / 2, beatMs });
try {
  await lane.growTo(count);
  await lane.weigh();
  await lane.hear("version_update");
  for (let cycle = 0; cycle < cycles; cycle++) {
    await rest();
    comments.push(await hear(": keep-alive"));
    await rest();
    beats.push(await hear("version_update"));
  }
} finally {
  lane.close();
}

const share = median(idle);
const cpuMs = (ticks: readonly Tick[]) => median(ticks.map((tick) => tick.cpuMs));
const spreadMs = (ticks: readonly Tick[]) => median(ticks.map((tick) => tick.spreadMs));
if (share >= LIMIT_SHARE) process.exitCode = 1;
const whole = share + (cpuMs(beats) + cpuMs(comments)) / DEFAULT_BEAT_MS;
console.log(`\n${count.toLocaleString("en")} clients, nothing new, ${cycles} beats`);
printTable(
  ["", "CPU", "from the first client to the last"],
  [
    ["between beats", percent(share), "-"],
    ["limit", `< ${percent(LIMIT_SHARE)}${share < LIMIT_SHARE ? "" : ", MISSED"}`, "-"],
    ["the most in one rest", percent(Math.max(...idle)), "-"],
    ["a comment", `${cpuMs(comments).toFixed(0)} ms`, `${spreadMs(comments).toFixed(0)} ms`],
    ["a beat", `${cpuMs(beats).toFixed(0)} ms`, `${spreadMs(beats).toFixed(0)} ms`],
    ["all together, one of each in 30 s", percent(whole), "-"],
  ],
);

/** Measures while nothing is sent, and is back before the next time that something is. */
async function rest(): Promise<void> {
  const [from, before] = [performance.now(), lane.cpuSeconds()];
  await sleep(beatMs / 2 - 1_000);
  idle.push(((lane.cpuSeconds() - before) * 1_000) / (performance.now() - from));
}

async function hear(text: string): Promise<Tick> {
  const { arrivals, cpuSeconds } = await lane.hear(text);
  return { cpuMs: cpuSeconds * 1_000, spreadMs: arrivals.lastAt - arrivals.firstAt };
}

function percent(part: number): string {
  return `${(part * 100).toFixed(2)} % of a core`;
}
