/**
 * One change, thousands of event streams: how long until the last client has it, and what that costs
 * the server, against a bare loop over Node's `res.write` and against the library better-sse.
 *
 *   npm run bench -- gateway/bench/fan-out            1,000 and 10,000 clients
 *   npm run bench -- gateway/bench/fan-out --quick    1,000 clients
 *
 * Ends with status 1 if a limit is missed.
 *
 * Time begins in the server's process, when the gateway's source delivers the change (the other two:
 * when they are told it), and includes making the message of it. The same message, the same crowd of
 * raw sockets, three servers in processes of their own that take turns; a ratio is the median of the
 * ratios of single rounds, so that what the machine does meanwhile falls on both sides.
 *
 * How it could mislead: server and clients share two cores and a loopback without latency or loss, so
 * only ratios travel. The clients' own work is in the times of all alike, which pulls those ratios
 * towards 1; CPU is the server's alone. Beside other work times scatter far more than CPU does: then
 * believe the CPU. All clients run one build: each further build is one more message to make. Memory
 * is what a connection adds to the process; the kernel's own buffers are in none of the columns.
 */
import { requireOpenFiles } from "../../embedded/bench/support/process-usage.js";
import { median, printTable } from "../../embedded/bench/support/table.js";
import { Lane, type Round } from "./support/lane.js";
import type { Weight } from "./support/serve-bench.js";

const LIMITS = { last: 1, cpu: 1, memory: 1.2, p99: 1 };
const SERVERS = [
  ["bare loop over res.write", "bare-server.ts"],
  ["gateway", "gateway-server.ts"],
  ["better-sse", "better-sse-server.ts"],
] as const;
const HOUR_MS = 3_600_000;

const isQuick = process.argv.includes("--quick");
const stages = isQuick
  ? [{ count: 1_000, warmUps: 30, rounds: 15 }]
  : [
      { count: 1_000, warmUps: 30, rounds: 31 },
      { count: 10_000, warmUps: 4, rounds: 15 },
    ];
requireOpenFiles(Math.max(...stages.map(({ count }) => count)) + 500);

interface Column {
  readonly head: string;
  readonly digits: number;
  readonly of: (round: Round) => number;
}

interface Entry {
  readonly lane: Lane;
  /** CPU seconds for each client that came after the first tenth. */
  readonly connectSeconds: number;
  /** Bytes that each of them added. */
  readonly weight: Weight;
  readonly rounds: Round[];
}

for (const { count, warmUps, rounds } of stages) {
  const entries: Entry[] = [];
  try {
    for (const [name, file] of SERVERS) {
      // A beat would fall into somebody else's round; idle.ts has what it costs.
      const lane = await Lane.open(name, file, { keepAliveMs: HOUR_MS, beatMs: HOUR_MS });
      entries.push({ lane, rounds: [], ...(await fill(lane, count)) });
    }
    await takeTurns(entries, warmUps);
    for (const { rounds } of entries) rounds.length = 0;
    await takeTurns(entries, rounds);
    report(count, entries);
  } finally {
    for (const { lane } of entries) lane.close();
  }
}

/** Opens all streams; what they cost is the slope after the first tenth, in a process just started. */
async function fill(lane: Lane, count: number): Promise<Pick<Entry, "connectSeconds" | "weight">> {
  const first = count / 10;
  await lane.growTo(first);
  await lane.tell();
  const before = await lane.weigh();
  const cpuBefore = lane.cpuSeconds();
  await lane.growTo(count);
  const connectSeconds = (lane.cpuSeconds() - cpuBefore) / (count - first);
  await lane.tell();
  const after = await lane.weigh();
  const weight = {
    resident: (after.resident - before.resident) / (count - first),
    held: (after.held - before.held) / (count - first),
  };
  return { connectSeconds, weight };
}

async function takeTurns(entries: readonly Entry[], rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    // Whoever is first in a round is another each time.
    for (let turn = 0; turn < entries.length; turn++) {
      const entry = entries[(round + turn) % entries.length] as Entry;
      entry.rounds.push(await entry.lane.tell());
    }
  }
}

function report(count: number, entries: readonly Entry[]): void {
  const [floor, gateway, peer] = entries as [Entry, Entry, Entry];
  console.log(
    `\n${count.toLocaleString("en")} clients, median of ${gateway.rounds.length} rounds, ` +
      `bytes a client: ${entries.map(({ rounds }) => rounds[0]?.bytes).join(", ")}`,
  );
  const columns: readonly Column[] = [
    { head: "last client, ms", digits: 1, of: ({ lastMs }) => lastMs },
    { head: "p99, ms", digits: 1, of: ({ p99Ms }) => p99Ms },
    {
      head: "CPU s per 1,000 deliveries",
      digits: 4,
      of: ({ cpuSeconds }) => (cpuSeconds / count) * 1_000,
    },
  ];
  const once = [
    {
      head: "CPU s per 1,000 connects",
      digits: 3,
      of: (entry: Entry) => entry.connectSeconds * 1_000,
    },
    { head: "RSS KB a connection", digits: 1, of: ({ weight }: Entry) => weight.resident / 1024 },
    { head: "of it JavaScript's", digits: 1, of: ({ weight }: Entry) => weight.held / 1024 },
  ];
  const beside = (other: Entry) => [
    ...columns.map(({ of }) =>
      median(gateway.rounds.map((round, at) => of(round) / of(other.rounds[at] as Round))),
    ),
    ...once.map(({ of }) => of(gateway) / of(other)),
  ];
  // Fewer connections are lost in what the process takes by itself.
  const isWeighed = count >= 10_000;
  const limits = (ratios: readonly number[], most: readonly (number | null)[]) =>
    most.map((limit, at) => {
      if (limit === null) return "-";
      const isMissed = (ratios[at] ?? 0) > limit;
      if (isMissed) process.exitCode = 1;
      return `<= ${limit.toFixed(2)}${isMissed ? ", MISSED" : ""}`;
    });
  const [overFloor, overPeer] = [beside(floor), beside(peer)];
  printTable(
    ["", ...columns.map(({ head }) => head), ...once.map(({ head }) => head)],
    [
      ...entries.map((entry) => [
        entry.lane.name,
        ...columns.map(({ of, digits }) => median(entry.rounds.map(of)).toFixed(digits)),
        ...once.map(({ of, digits }) => of(entry).toFixed(digits)),
      ]),
      ["gateway / bare loop", ...overFloor.map((ratio) => ratio.toFixed(2))],
      [
        "limit",
        ...limits(overFloor, [
          LIMITS.last,
          null,
          LIMITS.cpu,
          null,
          isWeighed ? LIMITS.memory : null,
          null,
        ]),
      ],
      ["gateway / better-sse", ...overPeer.map((ratio) => ratio.toFixed(2))],
      ["limit", ...limits(overPeer, [null, isWeighed ? LIMITS.p99 : null, null, null, null, null])],
    ],
  );
}
