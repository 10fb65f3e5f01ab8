/**
 * Durable mutations per second from 50 connections, against inserts of the same rows straight into
 * SQLite, one transaction each, with the same durability (WAL, synchronous=FULL).
 *
 *   npm run bench -- mutations            10 s a round, 3 rounds
 *   npm run bench -- mutations --quick    2 s, 1 round
 *
 * How it could mislead: on a disk whose flush costs nothing (tmpfs, a virtual disk that lies) group
 * commit gains nothing and the ratio falls; on a slow one it rises far above 1. The clients share
 * the machine with the server. One connection has one mutation running at a time, so fewer
 * connections give less.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Sqlite from "libsql";
import { connectRaw, mutation } from "./support/raw-client.js";
import { startServerProcess } from "./support/server-process.js";
import { median, printTable } from "./support/table.js";
import { APP } from "./support/test-server.js";

const CONNECTIONS = 50;
const LIMIT = 0.5;

const isQuick = process.argv.includes("--quick");
const roundMs = isQuick ? 2_000 : 10_000;
const roundCount = isQuick ? 1 : 3;

const folder = await mkdtemp(join(tmpdir(), "tideline-bench-"));
try {
  const rates = { direct: [] as number[], served: [] as number[], pipelined: [] as number[] };
  for (let round = 0; round < roundCount; round += 1) {
    rates.direct.push(insertDirectly(join(folder, `direct-${round}.sqlite`)));
    rates.served.push(await serve(join(folder, `served-${round}`), 1));
    rates.pipelined.push(await serve(join(folder, `pipelined-${round}`), 10));
  }
  const direct = median(rates.direct);
  const row = (name: string, rate: number) => [
    name,
    Math.round(rate).toLocaleString("en"),
    (rate / direct).toFixed(2),
  ];
  console.log(`\n${CONNECTIONS} connections, median of ${roundCount} rounds`);
  printTable(
    ["", "durable writes/s", "ratio"],
    [
      row("SQLite, one transaction per insert", direct),
      row("mutations, one asked at a time", median(rates.served)),
      row("mutations, ten asked at a time", median(rates.pipelined)),
      ["limit", "", `>= ${LIMIT.toFixed(2)}`],
    ],
  );
} finally {
  await rm(folder, { recursive: true, force: true });
}

function insertDirectly(path: string): number {
  const database = new Sqlite(path);
  database.pragma("journal_mode = WAL");
  database.pragma("synchronous = FULL");
  database.exec("CREATE TABLE items (id INTEGER PRIMARY KEY, key TEXT, body TEXT)");
  database.exec("CREATE INDEX by_key ON items (key)");
  const insert = database.prepare("INSERT INTO items (key, body) VALUES (?, ?)");
  const endsAt = performance.now() + roundMs;
  let count = 0;
  while (performance.now() < endsAt) {
    insert.run([`key-${count}`, JSON.stringify({ key: `key-${count}`, value: count })]);
    count += 1;
  }
  database.close();
  return (count / roundMs) * 1_000;
}

/** @param depth How many mutations a connection asks for before it waits. */
async function serve(data: string, depth: number): Promise<number> {
  const server = await startServerProcess([
    ...["--dir", APP, "--data", data, "--port", "0", "--site-port", "0"],
  ]);
  try {
    const clients = await Promise.all(
      Array.from({ length: CONNECTIONS }, () => connectRaw(server.url)),
    );
    let answered = 0;
    const startedAt = performance.now();
    const endsAt = startedAt + roundMs;
    await Promise.all(
      clients.map(async (client, index) => {
        let requestId = 0;
        const ask = () => {
          requestId += 1;
          const args = { key: `key-${index}-${requestId}`, value: requestId };
          client.send(mutation(requestId, "items:add", args));
        };
        for (let asked = 0; asked < depth; asked += 1) ask();
        while (performance.now() < endsAt) {
          const message = await client.nextOf("MutationResponse");
          if (message.success !== true) throw new Error(String(message.result));
          answered += 1;
          ask();
        }
      }),
    );
    const rate = (answered / (performance.now() - startedAt)) * 1_000;
    for (const client of clients) client.webSocket.terminate();
    return rate;
  } finally {
    await server.stop("SIGTERM");
  }
}
