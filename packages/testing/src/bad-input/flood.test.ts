/** Clients that push, that do not read, and that vanish: the server's memory and the others' time. */
import { randomUUID } from "node:crypto";
import { connect } from "node:net";
import { FUNCTION_NAMES } from "@tideline/version";
import { ConvexHttpClient } from "convex/browser";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import {
  addQueries,
  connectRaw,
  type Message,
  mutation,
  type RawClient,
} from "../../../embedded/bench/support/raw-client.js";
import { LedgerProcess, TOKEN } from "../crash/ledger-process.js";
import { historyOf, recordOf } from "../crash/recordings.js";
import { WITNESS_APP, Witness } from "./witness.js";

const { recordDeployment, watchLatestDeployment, holdTarget, listTargets } = FUNCTION_NAMES;

let server: LedgerProcess;
let witness: Witness;
let http: ConvexHttpClient;
beforeEach(async () => {
  server = await LedgerProcess.start();
  witness = new Witness(server.url);
  http = new ConvexHttpClient(server.url, { logger: false });
  // Code is compiled and caches are filled, so that what grows afterwards is the bad client's.
  for (let round = 0; round < 50; round += 1) await witness.round();
});
afterEach(async () => {
  await witness.close();
  await server.dispose();
});

function median(times: readonly number[]): number {
  return [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;
}

it("100,000 recordings pushed into one socket: others are served, and memory stays bounded", async () => {
  const flood = 100_000;
  const rounds = 20;
  const quiet: number[] = [];
  for (let round = 0; round < rounds; round += 1) quiet.push(await witness.round());

  const before = server.rssKilobytes;
  const flooder = await connectRaw(server.url);
  let bytes = 0;
  for (let requestId = 0; requestId < flood; requestId += 1) {
    const message = JSON.stringify(
      mutation(requestId, recordDeployment, recordOf("flood", `build-${requestId}`)),
    );
    bytes += message.length;
    flooder.send(message);
  }
  let answered = 0;
  const reading = (async () => {
    while (answered < 3_000) {
      const answer = await flooder.nextOf("MutationResponse");
      expect([answer.requestId, answer.success]).toEqual([answered, true]);
      answered += 1;
    }
  })();
  const busy: number[] = [];
  let most = 0;
  for (let round = 0; round < rounds; round += 1) {
    const answeredBefore = answered;
    busy.push(await witness.round());
    // In turn: what comes before one of ours is a small part of the flood.
    expect(answered - answeredBefore).toBeLessThan(1_000);
    most = Math.max(most, server.rssKilobytes);
  }
  await reading;
  most = Math.max(most, server.rssKilobytes);

  // 64 queued mutations, 32 that run and what the kernel holds is well under 10 MB; the rest is
  // room for garbage that was not collected yet. Reading it all would take more than the 45 MB of
  // its bytes, several times over once parsed.
  expect(most - before).toBeLessThan(100_000);
  expect(flooder.webSocket.bufferedAmount).toBeGreaterThan(bytes / 2);
  console.log(
    `flood: ${(bytes / 1e6).toFixed(0)} MB pushed, ${(flooder.webSocket.bufferedAmount / 1e6).toFixed(0)} MB left with the sender, ` +
      `server grew by ${((most - before) / 1e3).toFixed(0)} MB, a witness's round took ${median(quiet).toFixed(0)} ms before and ${median(busy).toFixed(0)} ms (at most ${Math.max(...busy).toFixed(0)} ms) during`,
  );
  flooder.webSocket.terminate();
  await witness.round();
  expect(await historyOf(http, WITNESS_APP)).toHaveLength(witness.rounds);
}, 180_000);

it("a reader that never reads while 10,000 transitions are made costs bounded memory, then hears the last", async () => {
  const moments = 10_000;
  // The admin's list, with long notes: every moment of it is some 40 KB.
  const apps = Array.from({ length: 8 }, (_none, index) => `stuck-${index}`);
  const writer = await connectRaw(server.url);
  let requestId = 0;
  const write = async (path: string, args: object): Promise<void> => {
    writer.send(mutation(requestId, path, args));
    requestId += 1;
    const answer = await writer.nextOf("MutationResponse");
    expect(answer.success, String(answer.result)).toBe(true);
  };
  for (const appName of apps) {
    const record = recordOf(appName, "build-long", { notes: "n".repeat(4_000) });
    await write(recordDeployment, record);
  }
  const reader = await connectRaw(server.url);
  for (const client of [reader, writer]) {
    client.send(addQueries(0, [{ queryId: 0, udfPath: listTargets, args: {} }]));
    while (changesOf(await client.nextOf("Transition")) === null);
  }
  reader.webSocket.pause();

  let made = 0;
  let bytes = 0;
  let before = 0;
  let most = 0;
  for (let moment = 1; moment <= moments; moment += 1) {
    await write(holdTarget, {
      ...{ appName: "stuck-0", environment: "production", token: TOKEN },
      reason: `moment ${moment}`,
    });
    const changes = changesOf(await writer.nextOf("Transition"));
    if (changes !== null) made += 1;
    bytes += changes?.length ?? 0;
    if (moment % 500 === 0) {
      // It sends, so that its silence is not taken for death on a slow machine.
      reader.send({ type: "Event", eventType: "alive", event: null });
      await witness.round();
      most = Math.max(most, server.rssKilobytes);
    }
    // By then what lies between the two processes is full, and the heap has its working size.
    if (moment === 1_000) before = server.rssKilobytes;
  }
  expect(made).toBe(moments);

  reader.webSocket.resume();
  let heard = 0;
  for (let isLast = false; !isLast; heard += 1) {
    isLast = changesOf(await reader.nextOf("Transition"))?.includes(`"moment ${moments}"`) ?? false;
  }
  expect(heard).toBeLessThan(moments / 10);
  // What was not told would be ten times as much.
  expect(most - before).toBeLessThan(100_000);
  expect(bytes).toBeGreaterThan(300_000_000);
  console.log(
    `stuck reader: ${made} transitions of ${(bytes / 1e6).toFixed(0)} MB made, ${heard} heard, server grew by ${((most - before) / 1e3).toFixed(0)} MB`,
  );
  for (const client of [reader, writer]) client.close();
  expect(await historyOf(http, WITNESS_APP)).toHaveLength(witness.rounds);
}, 240_000);

/** What a Transition changes, as text; null if nothing. */
function changesOf(transition: Message): string | null {
  const modifications = transition.modifications as unknown[];
  return modifications.length === 0 ? null : JSON.stringify(modifications);
}

it("1,000 sockets that watch and vanish leave nothing behind", async () => {
  const wave = async (): Promise<void> => {
    for (let done = 0; done < 1_000; done += 100) {
      await Promise.all(Array.from({ length: 100 }, (_none, index) => comeAndGo(done + index)));
      await witness.round();
    }
  };
  const files = server.openFiles;
  await wave();
  const before = server.rssKilobytes;
  for (let time = 0; time < 3; time += 1) await wave();
  // A connection that was kept would be an open file.
  await vi.waitFor(() => expect(server.openFiles).toBeLessThanOrEqual(files), 20_000);
  const grown = server.rssKilobytes - before;
  // What is left is the heap's own breathing; it grows no further with more waves.
  expect(grown).toBeLessThan(100_000);
  const took = await witness.round();
  console.log(
    `vanishing: 3,000 more sockets grew the server by ${(grown / 1e3).toFixed(0)} MB, a round takes ${took.toFixed(0)} ms afterwards`,
  );
  expect(await historyOf(http, WITNESS_APP)).toHaveLength(witness.rounds);
}, 120_000);

/** One in three says goodbye, one is cut off, one never finished its handshake. */
async function comeAndGo(index: number): Promise<void> {
  if (index % 3 === 0) {
    const { port, hostname } = new URL(server.url);
    const socket = connect(Number(port), hostname).on("error", () => {});
    await new Promise<void>((resolve) => socket.once("connect", resolve));
    socket.write("GET /api/1.48.0/sync HTTP/1.1\r\nUpgrade: web", () => socket.resetAndDestroy());
    await new Promise<void>((resolve) => socket.once("close", () => resolve()));
    return;
  }
  const client: RawClient = await connectRaw(server.url);
  const target = { appName: `gone-${index}`, environment: "production", buildId: randomUUID() };
  client.send(addQueries(0, [{ queryId: 0, udfPath: watchLatestDeployment, args: target }]));
  // A mutation whose sender is gone before it is answered still counts, or never was: not half.
  client.send(mutation(0, recordDeployment, recordOf("gone", `build-${randomUUID()}`)));
  if (index % 3 === 1) client.close();
  else client.webSocket.terminate();
  await client.closed();
}
