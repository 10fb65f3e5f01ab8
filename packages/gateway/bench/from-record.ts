/**
 * The whole street from `recordDeployment` on: a record in a real ledger (the embedded server, with its
 * durable commit), the gateway's one subscription, and the last of its clients.
 *
 *   npm run bench -- gateway/bench/from-record            1,000 and 10,000 clients, and 200 builds
 *   npm run bench -- gateway/bench/from-record --quick    1,000 clients
 *
 * Beside it, one client of Convex that watches the same query directly: what the ledger takes before
 * any gateway. Its figure and the gateway's begin with the same call.
 *
 * How it could mislead: ledger, bench and that one watcher share a process, and all processes share two
 * cores; the official backend is not the embedded one (facts of both: packages/embedded/bench). The
 * record's answer may come before the clients have the message, or after.
 */
import { LedgerRig } from "@tideline/testing/ledger-rig";
import { openConvexSource } from "@tideline/watch/convex";
import { requireOpenFiles } from "../../embedded/bench/support/process-usage.js";
import { median, printTable } from "../../embedded/bench/support/table.js";
import { clockMs } from "./support/clock.js";
import { Lane } from "./support/lane.js";
import { WEB } from "./support/news.js";

const isQuick = process.argv.includes("--quick");
const crowds = isQuick
  ? [{ count: 1_000, builds: 1 }]
  : [
      { count: 1_000, builds: 1 },
      { count: 10_000, builds: 1 },
      // More than a gateway subscribes for by itself.
      { count: 10_000, builds: 200 },
    ];
const roundCount = isQuick ? 5 : 9;
requireOpenFiles(Math.max(...crowds.map(({ count }) => count)) + 500);

const WARM_UPS = 5;

interface Round {
  readonly directMs: number;
  readonly answerMs: number;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly gatewayCpuMs: number;
}

const ledger = await LedgerRig.create();
await ledger.record("a1");
const direct = openConvexSource(ledger.url);
let hear: (buildId: string) => void = () => {};
direct.source.subscribe(
  { ...WEB, buildId: "a1" },
  (latest) => hear(latest?.buildId ?? ""),
  (error) => {
    throw error;
  },
);
const rows: string[][] = [];
try {
  for (const { count, builds } of crowds) {
    const lane = await Lane.open("gateway", "gateway-server.ts", {
      ...{ convexUrl: ledger.url, keepAliveMs: 3_600_000, beatMs: 3_600_000 },
      maxBuildsPerTarget: 200,
    });
    try {
      await lane.growTo(count, builds);
      const name = `c${count}b${builds}`;
      for (let round = 0; round < WARM_UPS; round++) await record(lane, `${name}w${round}.`);
      const rounds: Round[] = [];
      for (let round = 0; round < roundCount; round++) {
        rounds.push(await record(lane, `${name}r${round}.`));
      }
      const columns = ["directMs", "answerMs", "firstMs", "lastMs", "gatewayCpuMs"] as const;
      rows.push([
        `${count.toLocaleString("en")}, builds: ${builds}`,
        ...columns.map((column) => median(rounds.map((round) => round[column])).toFixed(1)),
      ]);
    } finally {
      lane.close();
    }
  }
  console.log(`\nms from the call of recordDeployment, median of ${roundCount} records`);
  printTable(
    ["clients", "direct watcher", "its answer", "first client", "last client", "gateway's CPU"],
    rows,
  );
} finally {
  await direct.close();
  await ledger.dispose();
}

async function record(lane: Lane, buildId: string): Promise<Round> {
  let [directAt, answeredAt, calledAt] = [0, 0, 0];
  const heard = new Promise<void>((resolve) => {
    hear = (told) => {
      if (told !== buildId) return;
      directAt = clockMs();
      resolve();
    };
  });
  const { arrivals, cpuSeconds } = await lane.hear(buildId, async () => {
    calledAt = clockMs();
    await ledger.record(buildId);
    answeredAt = clockMs();
    await heard;
  });
  return {
    directMs: directAt - calledAt,
    answerMs: answeredAt - calledAt,
    firstMs: arrivals.firstAt - calledAt,
    lastMs: arrivals.lastAt - calledAt,
    gatewayCpuMs: cpuSeconds * 1_000,
  };
}
