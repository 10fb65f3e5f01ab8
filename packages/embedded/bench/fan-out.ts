/**
 * One record, thousands of open sockets: how long until the last one has it, and what that costs,
 * against `ws` sending the same bytes to as many sockets.
 *
 *   npm run bench -- fan-out            1,000 and 10,000 sockets, 15 rounds each
 *   npm run bench -- fan-out --quick    1,000 sockets, 9 rounds
 *
 * How it could mislead: server and clients share the machine and its loopback, which has no latency
 * and no loss, so absolute figures are of this machine on this day; only ratios travel. On two cores
 * the clients' own work is in the times of both servers alike, which pulls ratios towards 1; the CPU
 * column is the server's alone. A durable mutation costs about 2 ms of CPU and a flush to the disk,
 * which `ws` does not have to do: the times begin once it is safe, the column "from HTTP call" and the
 * CPU have all of it, which among 1,000 sockets is a quarter of the whole, among 10,000 next to nothing. All clients watch the same query and are up to date: clients that stand
 * at different moments share less. Beside other work on the machine, times of both scatter by a factor of
 * four while CPU stays; then believe the CPU column. RSS holds garbage not yet collected, in both servers.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Arrivals, OpenCommand } from "./support/crowd.js";
import { cpuSeconds, requireOpenFiles, residentKilobytes } from "./support/process-usage.js";
import { addQueries } from "./support/raw-client.js";
import { median, printTable } from "./support/table.js";

const LIMITS = { time: 1.3, cpu: 1.3, memory: 1.5 };
const TEXT_LENGTH = 250; // A record of about 400 bytes on the wire, with its Transition around it.

interface Contestant {
  readonly name: string;
  readonly pid: number;
  readonly hello: Omit<OpenCommand, "count">;
  /** Publishes a text; what it gives asks afterwards for the moment at which the server had it safe. */
  publish(text: string): Promise<() => Promise<number>>;
  stop(): Promise<void>;
}

interface Round {
  readonly fromCommitMs: number;
  readonly fromCallMs: number;
  readonly cpuSeconds: number;
}

const isQuick = process.argv.includes("--quick");
const counts = isQuick ? [1_000] : [1_000, 10_000];
const roundCount = isQuick ? 9 : 15;
// A server of a thousand tabs has told them more than once: its code is compiled by then.
const WARM_UP_DELIVERIES = 30_000;
requireOpenFiles(Math.max(...counts) + 500);

for (const count of counts) await compare(count);

async function compare(count: number): Promise<void> {
  const warmUpCount = Math.ceil(WARM_UP_DELIVERIES / count);
  const contestants = [await startBroadcast(), await startEmbedded()];
  try {
    const lanes = [];
    for (const contestant of contestants) {
      const before = residentKilobytes(contestant.pid);
      const crowd = fork(fileURLToPath(new URL("./support/crowd.ts", import.meta.url)));
      await command(crowd, { ...contestant.hello, count });
      lanes.push({ contestant, crowd, before, rounds: [] as Round[] });
    }
    for (let round = -warmUpCount; round < roundCount; round += 1) {
      for (const lane of lanes) {
        const result = await runRound(lane.contestant, lane.crowd, count);
        if (round >= 0) lane.rounds.push(result);
      }
    }
    report(
      count,
      lanes.map(({ contestant, before, rounds }) => ({
        name: contestant.name,
        fromCommitMs: median(rounds.map((round) => round.fromCommitMs)),
        fromCallMs: median(rounds.map((round) => round.fromCallMs)),
        cpu: (median(rounds.map((round) => round.cpuSeconds)) / count) * 1_000,
        memory: (residentKilobytes(contestant.pid) - before) / count,
      })),
    );
    for (const { crowd } of lanes) crowd.disconnect();
  } finally {
    for (const contestant of contestants) await contestant.stop();
  }
}

async function runRound(
  contestant: Contestant,
  crowd: ChildProcess,
  count: number,
): Promise<Round> {
  const marker = `m${Math.random().toString(36).slice(2, 14).padEnd(12, "0")}`;
  await command(crowd, { await: marker });
  const arrived = once(crowd, "message") as Promise<[Arrivals]>;
  const cpuBefore = cpuSeconds(contestant.pid);
  const calledAt = performance.timeOrigin + performance.now();
  const askCommittedAt = await contestant.publish(marker.padEnd(TEXT_LENGTH, "."));
  const [{ lastAt }] = await arrived;
  if (count > 5_000) await new Promise((resolve) => setTimeout(resolve, 100));
  const cpuUsed = cpuSeconds(contestant.pid) - cpuBefore;
  return {
    fromCommitMs: lastAt - (await askCommittedAt()),
    fromCallMs: lastAt - calledAt,
    cpuSeconds: cpuUsed,
  };
}

async function command(crowd: ChildProcess, message: object): Promise<void> {
  const answered = once(crowd, "message");
  crowd.send(message);
  await answered;
}

async function startEmbedded(): Promise<Contestant> {
  const data = await mkdtemp(join(tmpdir(), "tideline-bench-"));
  const child = fork(fileURLToPath(new URL("./support/timed-server.ts", import.meta.url)), [data]);
  const [url] = (await once(child, "message")) as [string];
  const post = async (path: string, body: object) => {
    const response = await fetch(`${url}${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    return (await response.json()) as { readonly status?: string };
  };
  return {
    name: "embedded server",
    pid: child.pid ?? 0,
    hello: {
      open: { port: Number(new URL(url).port), path: "/api/1.48.0/sync" },
      hello: [
        '{"type":"Connect","sessionId":"$session","connectionCount":0,"lastCloseReason":null,"clientTs":0}',
        JSON.stringify(addQueries(0, [{ queryId: 0, udfPath: "beacon:latest" }])),
      ],
      isAnswered: true,
    },
    async publish(text) {
      const answer = await post("/api/mutation", { path: "beacon:publish", args: { text } });
      if (answer.status !== "success") throw new Error(JSON.stringify(answer));
      return async () => {
        const answered = once(child, "message") as Promise<[number]>;
        child.send("committedAt");
        return (await answered)[0];
      };
    },
    async stop() {
      child.disconnect();
      await once(child, "exit");
      await rm(data, { recursive: true, force: true });
    },
  };
}

async function startBroadcast(): Promise<Contestant> {
  const child = fork(fileURLToPath(new URL("./support/broadcast-server.ts", import.meta.url)));
  const [port] = (await once(child, "message")) as [number];
  return {
    name: "ws, send to all",
    pid: child.pid ?? 0,
    hello: { open: { port, path: "/" }, hello: [], isAnswered: false },
    async publish(text) {
      // As long as the embedded server's Transition with the same text.
      const version = (ts: string) => ({ querySet: 1, identity: 0, ts });
      const body = JSON.stringify({
        type: "Transition",
        startVersion: version("AAAAAAAAAAA="),
        endVersion: version("AAAAAAAAAAA="),
        modifications: [
          { type: "QueryUpdated", queryId: 0, value: text, logLines: [], journal: null },
        ],
      });
      const response = await fetch(`http://127.0.0.1:${port}/publish`, { method: "POST", body });
      const committedAt = Number(await response.text());
      return async () => committedAt;
    },
    async stop() {
      child.disconnect();
      await once(child, "exit");
    },
  };
}

interface Result {
  readonly name: string;
  readonly fromCommitMs: number;
  readonly fromCallMs: number;
  readonly cpu: number;
  readonly memory: number;
}

function report(count: number, results: readonly Result[]): void {
  console.log(`\n${count.toLocaleString("en")} sockets, median of ${roundCount} rounds`);
  const [yardstick, ours] = results;
  if (yardstick === undefined || ours === undefined) return;
  const ratio = (pick: (result: Result) => number) => (pick(ours) / pick(yardstick)).toFixed(2);
  const limit = (value: number) => `<= ${value.toFixed(2)}`;
  printTable(
    [
      "",
      "last client, ms from commit",
      "ms from HTTP call",
      "CPU s per 1,000 deliveries",
      "RSS KB per connection",
    ],
    [
      ...results.map((result) => [
        result.name,
        result.fromCommitMs.toFixed(1),
        result.fromCallMs.toFixed(1),
        result.cpu.toFixed(4),
        result.memory.toFixed(1),
      ]),
      [
        "ratio",
        ratio((result) => result.fromCommitMs),
        ratio((result) => result.fromCallMs),
        ratio((result) => result.cpu),
        ratio((result) => result.memory),
      ],
      ["limit", limit(LIMITS.time), "-", limit(LIMITS.cpu), limit(LIMITS.memory)],
    ],
  );
}
