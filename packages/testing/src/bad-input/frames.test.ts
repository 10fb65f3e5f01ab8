/** Frames that the protocol does not know: each ends its own connection and no other. */
import { randomUUID } from "node:crypto";
import { connect } from "node:net";
import { FUNCTION_NAMES } from "@tideline/version";
import { ConvexHttpClient } from "convex/browser";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  addQueries,
  connectRaw,
  mutation,
  type RawClient,
} from "../../../embedded/bench/support/raw-client.js";
import { LedgerProcess } from "../crash/ledger-process.js";
import { historyOf } from "../crash/recordings.js";
import { WITNESS_APP, Witness } from "./witness.js";

let server: LedgerProcess;
let witness: Witness;
beforeAll(async () => {
  server = await LedgerProcess.start();
  witness = new Witness(server.url);
});
afterAll(async () => {
  await witness.close();
  await server.dispose();
});

const CONNECT = { type: "Connect", sessionId: randomUUID(), connectionCount: 0 };
const ADD = { type: "Add", queryId: 0, udfPath: "deployments:listTargets", args: [{}] };

it.each<[string, (client: RawClient) => void, RegExp]>([
  ["no JSON", (client) => client.send("{"), /^WSMessageInvalidJson: Received Invalid JSON/],
  ["an empty frame", (client) => client.send(""), /^WSMessageInvalidJson/],
  ["a binary frame", (client) => client.send(Buffer.from("{}")), /^WSMessageBinary: /],
  ["null", (client) => client.send("null"), /expected an object, got null$/],
  ["an array", (client) => client.send("[]"), /expected an object, got an array$/],
  ["a million brackets", (client) => client.send("[".repeat(1e6)), /^WSMessageInvalidJson/],
  ["no type", (client) => client.send({}), /unknown message type undefined$/],
  ["an unknown type", (client) => client.send({ type: "Sing" }), /unknown message type "Sing"$/],
  ["a type of the prototype", (client) => client.send({ type: "constructor" }), /"constructor"$/],
  ["a second Connect", (client) => client.send(CONNECT), /^UnexpectedConnect: /],
  [
    "a session id that is none",
    (client) => client.send({ ...CONNECT, sessionId: "me" }),
    /"sessionId" must be a UUID, got "me"$/,
  ],
  [
    "a mutation without a path",
    (client) => client.send({ type: "Mutation", requestId: 0, args: [{}] }),
    /"udfPath" must be a string, got nothing$/,
  ],
  [
    "a request id below zero",
    (client) => client.send(mutation(-1, FUNCTION_NAMES.recordDeployment, {})),
    /"requestId" must be a whole number/,
  ],
  [
    "a query set of the future",
    (client) => client.send(addQueries(7, [])),
    /^BaseVersionMismatch: Base version 7 .*current version 0$/,
  ],
  [
    "a query added twice",
    (client) =>
      client.send({
        ...{ type: "ModifyQuerySet", baseVersion: 0, newVersion: 1 },
        modifications: [ADD, ADD],
      }),
    /^QueryRepeated: /,
  ],
  [
    "a query removed that was not added",
    (client) =>
      client.send({
        ...{ type: "ModifyQuerySet", baseVersion: 0, newVersion: 1 },
        modifications: [{ type: "Remove", queryId: 9 }],
      }),
    /^QueryNotFound: /,
  ],
])("%s is answered by FatalError and the end of that connection", async (_what, send, message) => {
  const client = await connectRaw(server.url);
  send(client);
  const fatal = await client.nextOf("FatalError");
  expect(fatal.error).toMatch(message);
  await client.closed();
  await witness.round();
});

it("a message before Connect is refused", async () => {
  const client = await connectRaw(server.url, { silent: true });
  client.send(addQueries(0, []));
  expect((await client.nextOf("FatalError")).error).toMatch(/^ExpectedConnect: /);
  await client.closed();
  await witness.round();
});

it("a frame above 32 MiB ends the connection with 1009", async () => {
  const client = await connectRaw(server.url);
  client.send(mutation(0, "x".repeat(33 * 1_048_576), {}));
  expect((await client.closed()).code).toBe(1009);
  await witness.round();
});

it("arguments of a hundred thousand levels harm nobody else", async () => {
  const client = await connectRaw(server.url);
  const depth = 100_000;
  const args = `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;
  const { recordDeployment, watchLatestDeployment } = FUNCTION_NAMES;
  client.send(`{"type":"Mutation","requestId":0,"udfPath":"${recordDeployment}","args":[${args}]}`);
  client.send(
    `{"type":"ModifyQuerySet","baseVersion":0,"newVersion":1,"modifications":[{"type":"Add","queryId":0,"udfPath":"${watchLatestDeployment}","args":[${args}]}]}`,
  );
  // Told so, or hung up on: not left waiting.
  await Promise.race([client.closed(), client.nextOf("MutationResponse").catch(() => null)]);
  client.webSocket.terminate();
  await witness.round();
});

it("an upgrade whose sender resets the connection at once does not end the server", async () => {
  const { port } = new URL(server.url);
  for (const path of ["/nowhere", "/api/1.48.0/sync", "//"]) {
    for (let time = 0; time < 100; time += 1) {
      const socket = connect(Number(port), "127.0.0.1").on("error", () => {});
      await new Promise<void>((resolve) => socket.once("connect", resolve));
      socket.write(
        `GET ${path} HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
          `Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n`,
        () => socket.resetAndDestroy(),
      );
      await new Promise<void>((resolve) => socket.once("close", () => resolve()));
    }
  }
  await witness.round();
  expect(server.isAlive).toBe(true);
});

it.each<[string, string, string, number, RegExp]>([
  ["no JSON", "/api/mutation", "{", 400, /^Cannot read the body as JSON/],
  ["null", "/api/mutation", "null", 400, /expected a JSON object$/],
  ["an array", "/api/query", "[]", 400, /expected a JSON object$/],
  ["no path", "/api/query", "{}", 400, /is not a path to a function/],
  ["a path of the prototype", "/api/__proto__", "{}", 400, /not supported/],
  ["args that are a text", "/api/query", '{"path":"a:b","args":"x"}', 400, /"args" must be/],
  ["an unknown format", "/api/query", '{"path":"a:b","format":"xml"}', 400, /Unknown format "xml"/],
  ["25 MiB", "/api/mutation", `{"path":"${"x".repeat(25 * 1_048_576)}"}`, 413, /above \d+ bytes$/],
  ["no admin key", "/api/update_environment_variables", '{"changes":[]}', 403, /./],
])(
  "an HTTP body of %s to %s is answered in one sentence",
  async (_what, path, body, status, message) => {
    const response = await fetch(`${server.url}${path}`, { method: "POST", body });
    const answer = (await response.json()) as { code: string; message: string };
    expect([response.status, answer.message]).toEqual([status, expect.stringMatching(message)]);
    await witness.round();
  },
);

it("an HTTP body of 25 MiB that does not say its length is answered in one sentence", async () => {
  const pieces = new ReadableStream({
    start(stream) {
      for (let sent = 0; sent < 25; sent += 1) {
        stream.enqueue(new Uint8Array(1_048_576).fill(0x78));
      }
      stream.close();
    },
  });
  const init = { method: "POST", body: pieces, duplex: "half" };
  const response = await fetch(`${server.url}/api/mutation`, init);
  expect([response.status, await response.json()]).toEqual([
    413,
    expect.objectContaining({ message: expect.stringMatching(/above \d+ bytes$/) }),
  ]);
});

it("after all of it nothing of the others is lost", async () => {
  const http = new ConvexHttpClient(server.url, { logger: false });
  expect(await historyOf(http, WITNESS_APP)).toHaveLength(witness.rounds);
  expect(server.isAlive).toBe(true);
});
