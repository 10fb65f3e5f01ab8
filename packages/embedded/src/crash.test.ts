/** The real process, stopped and killed while official clients write to it. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConvexClient, ConvexHttpClient } from "convex/browser";
import { makeFunctionReference } from "convex/server";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ServerProcess, startServerProcess } from "../bench/support/server-process.js";
import { APP } from "../bench/support/test-server.js";

const add = makeFunctionReference<"mutation", { key: string; value: number }, string>("items:add");
const byKey = makeFunctionReference<"query", { key: string }, { _id: string }[]>("items:byKey");
const count = makeFunctionReference<"query", Record<string, never>, number>("items:count");

const CLIENTS = 8;
const WRITES = 1_000;

let data: string;
let server: ServerProcess;
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), "tideline-embedded-"));
});
afterEach(async () => {
  await server.stop("SIGKILL");
  await rm(data, { recursive: true, force: true });
});

/** @param ports The same again after a restart, so that clients find their way back. */
async function start(ports = { main: "0", site: "0" }): Promise<void> {
  server = await startServerProcess([
    ...["--dir", APP, "--data", data, "--port", ports.main, "--site-port", ports.site],
  ]);
}

async function restartAfter(signal: NodeJS.Signals): Promise<number | null> {
  const ports = { main: new URL(server.url).port, site: new URL(server.siteUrl).port };
  const code = await server.stop(signal);
  await start(ports);
  return code;
}

/** Writes from eight clients; calls `onAnswer` with the number of answers so far. */
async function writeAll(onAnswer: (answers: number) => void) {
  const clients = Array.from(
    { length: CLIENTS },
    () => new ConvexClient(server.url, { logger: false }),
  );
  const seen = clients.map(() => -1);
  for (const [index, client] of clients.entries()) {
    client.onUpdate(count, {}, (value) => {
      seen[index] = value;
    });
  }
  let answers = 0;
  const ids = new Map<string, string>();
  await Promise.all(
    clients.map(async (client, index) => {
      // Five under way at any time, so that a kill meets some of each client's.
      await Promise.all(
        Array.from({ length: 5 }, async (_none, lane) => {
          for (let write = lane; write < WRITES / CLIENTS; write += 5) {
            const key = `${index}-${write}`;
            ids.set(key, await client.mutation(add, { key, value: 1 }));
            answers += 1;
            onAnswer(answers);
          }
        }),
      );
    }),
  );
  return { clients, seen, ids };
}

async function expectEachOnce(ids: ReadonlyMap<string, string>): Promise<void> {
  expect(ids.size).toBe(WRITES);
  const http = new ConvexHttpClient(server.url);
  const found = new Map<string, string[]>();
  for (const key of ids.keys()) {
    found.set(
      key,
      (await http.query(byKey, { key })).map((item) => item._id),
    );
  }
  expect(Object.fromEntries(found)).toEqual(
    Object.fromEntries([...ids].map(([key, id]) => [key, [id]])),
  );
}

describe("kill -9 in the middle of 1,000 writes of 8 clients", () => {
  it("loses nothing that was acknowledged, doubles nothing, and the clients come back right", async () => {
    await start();
    const kills: Promise<unknown>[] = [];
    const { clients, seen, ids } = await writeAll((answers) => {
      if (answers === 250 || answers === 600) kills.push(restartAfter("SIGKILL"));
    });
    await Promise.all(kills);
    expect(kills).toHaveLength(2);
    await expectEachOnce(ids);
    // Every client's query has followed through both deaths.
    for (const [index, client] of clients.entries()) {
      expect(await client.query(count, {})).toBe(WRITES);
      expect(seen[index]).toBe(WRITES);
      await client.close();
    }
  }, 240_000);
});

describe("SIGTERM in the middle of 1,000 writes of 8 clients", () => {
  it("exits with 0 after finishing what runs, and the clients go on with the next server", async () => {
    await start();
    let exit: Promise<number | null> = Promise.resolve(null);
    const { clients, ids } = await writeAll((answers) => {
      if (answers === 300) exit = restartAfter("SIGTERM");
    });
    expect(await exit).toBe(0);
    await expectEachOnce(ids);
    for (const client of clients) await client.close();
  }, 240_000);
});
