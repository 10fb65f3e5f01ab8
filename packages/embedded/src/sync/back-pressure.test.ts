/** One client that floods, and one that does not read: the others must not notice. */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConvexClient } from "convex/browser";
import { makeFunctionReference } from "convex/server";
import { afterAll, beforeAll, expect, it } from "vitest";
import { residentKilobytes } from "../../bench/support/process-usage.js";
import { addQueries, connectRaw, mutation } from "../../bench/support/raw-client.js";
import { type ServerProcess, startServerProcess } from "../../bench/support/server-process.js";
import { APP } from "../../bench/support/test-server.js";

const add = makeFunctionReference<"mutation", { key: string; value: number }, string>("items:add");
const FLOOD = 100_000;

let data: string;
let server: ServerProcess;
beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), "tideline-embedded-"));
  server = await startServerProcess([
    ...["--dir", APP, "--data", data, "--port", "0", "--site-port", "0"],
  ]);
});
afterAll(async () => {
  await server.stop("SIGKILL");
  await rm(data, { recursive: true, force: true });
});

it("100,000 mutations pushed into one socket cost bounded memory and delay nobody else", async () => {
  const flooder = await connectRaw(server.url);
  const client = new ConvexClient(server.url, { logger: false });
  await client.mutation(add, { key: "warm", value: 0 });
  const before = residentKilobytes(server.child.pid ?? 0);
  for (let requestId = 0; requestId < FLOOD; requestId += 1) {
    flooder.send(mutation(requestId, "items:add", { key: `flood-${requestId}`, value: 1 }));
  }
  let answered = 0;
  let mostKilobytes = 0;
  const flooded = (async () => {
    while (answered < 5_000) {
      expect((await flooder.nextOf("MutationResponse")).requestId).toBe(answered);
      answered += 1;
    }
  })();
  for (let index = 0; index < 30; index += 1) {
    await client.mutation(add, { key: "polite", value: 1 });
    mostKilobytes = Math.max(mostKilobytes, residentKilobytes(server.child.pid ?? 0));
  }
  // Served in turn: behind a queue of the whole flood, the first of ours would have come after it.
  expect(answered).toBeLessThan(FLOOD / 2);
  await flooded;
  mostKilobytes = Math.max(mostKilobytes, residentKilobytes(server.child.pid ?? 0));
  // What was not read stays with the sender: 100,000 parsed messages would be over 100 MB.
  expect(flooder.webSocket.bufferedAmount).toBeGreaterThan(1_000_000);
  expect(mostKilobytes - before).toBeLessThan(80_000);
  flooder.webSocket.terminate();
  await client.close();
}, 180_000);

it("a client that does not read is told the latest once it reads again, not every moment", async () => {
  const slow = await connectRaw(server.url);
  slow.send(addQueries(0, [{ queryId: 0, udfPath: "beacon:latest" }]));
  await slow.next();
  slow.webSocket.pause();
  const writer = await connectRaw(server.url);
  const total = 200;
  for (let index = 1; index <= total; index += 1) {
    const text = `${index}:`.padEnd(300_000, "x");
    writer.send(mutation(index, "beacon:publish", { text }));
    await writer.nextOf("MutationResponse");
  }
  slow.webSocket.resume();
  let transitions = 0;
  for (;;) {
    const message = await slow.nextOf("Transition");
    transitions += 1;
    const [change] = message.modifications as { value: string }[];
    if (change?.value.startsWith(`${total}:`)) break;
  }
  // What is between the two processes holds a few megabytes, a dozen or two of 300 KB.
  expect(transitions).toBeLessThan(total / 4);
  slow.close();
  writer.close();
}, 120_000);
