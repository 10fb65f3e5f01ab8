/** The sync protocol, word by word, against the whole server. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  addQueries,
  connectRaw,
  mutation,
  type RawClient,
} from "../../bench/support/raw-client.js";
import { startTestServer, type TestServer } from "../../bench/support/test-server.js";
import { startTestApp } from "../conformance/test-app.js";
import { decodeTimestamp, encodeTimestamp } from "./timestamp.js";

let server: TestServer;
let writer: RawClient;
let writes = 0;

beforeAll(async () => {
  server = await startTestServer();
  writer = await connectRaw(server.url);
});
afterAll(async () => {
  writer.close();
  await server.dispose();
});

interface Version {
  readonly querySet: number;
  readonly identity: number;
  readonly ts: string;
}

function versionsOf(message: { readonly [field: string]: unknown }) {
  return { start: message.startVersion as Version, end: message.endVersion as Version };
}

/** Inserts a row from another connection. */
async function write(key: string, value = 1): Promise<void> {
  writes += 1;
  writer.send(mutation(writes, "items:add", { key, value }));
  await writer.nextOf("Transition");
}

describe("Transitions", () => {
  it("begin at zero and continue where the last one ended", async () => {
    const key = randomUUID();
    const client = await connectRaw(server.url);
    client.send(addQueries(0, [{ queryId: 0, udfPath: "items:sum", args: { key } }]));
    const first = await client.next();
    expect(first).toMatchObject({
      type: "Transition",
      startVersion: { querySet: 0, identity: 0, ts: "AAAAAAAAAAA=" },
      endVersion: { querySet: 1, identity: 0 },
      modifications: [{ type: "QueryUpdated", queryId: 0, value: 0, logLines: [], journal: null }],
    });
    await write(key, 5);
    const second = await client.next();
    expect(versionsOf(second).start).toEqual(versionsOf(first).end);
    expect(second.modifications).toMatchObject([{ queryId: 0, value: 5 }]);
    client.close();
  });

  it("an empty query set is answered too", async () => {
    const client = await connectRaw(server.url);
    client.send(addQueries(0, []));
    expect(await client.next()).toMatchObject({ endVersion: { querySet: 1 }, modifications: [] });
    client.close();
  });

  it("several changes of the query set become one Transition", async () => {
    const client = await connectRaw(server.url);
    client.send(addQueries(0, [{ queryId: 0, udfPath: "items:count" }]));
    await client.next();
    client.send(addQueries(1, [{ queryId: 1, udfPath: "items:secret" }]));
    client.send({
      type: "ModifyQuerySet",
      baseVersion: 2,
      newVersion: 3,
      modifications: [{ type: "Remove", queryId: 0 }],
    });
    const message = await client.next();
    expect(versionsOf(message).end.querySet).toBe(3);
    expect(message.modifications).toMatchObject([
      { type: "QueryRemoved", queryId: 0 },
      { type: "QueryFailed", queryId: 1 },
    ]);
    client.close();
  });

  it("all queries of one Transition are of one moment", async () => {
    const [left, right] = [randomUUID(), randomUUID()];
    const client = await connectRaw(server.url);
    client.send(
      addQueries(0, [
        { queryId: 0, udfPath: "items:sum", args: { key: left } },
        { queryId: 1, udfPath: "items:sum", args: { key: right } },
      ]),
    );
    const sums = new Map<number, number>();
    const total = 40;
    for (let index = 1; index <= total; index += 1) {
      writer.send(mutation(10_000 + index, "items:addPair", { left, right, value: index }));
    }
    while (sums.get(0) !== (total * (total + 1)) / 2) {
      const message = await client.nextOf("Transition");
      for (const { queryId, value } of message.modifications as {
        queryId: number;
        value: number;
      }[])
        sums.set(queryId, value);
      expect(sums.get(1)).toBe(sums.get(0));
    }
    client.close();
  });

  it("a commit that touches nothing of a client sends it nothing", async () => {
    const [watched, other] = [randomUUID(), randomUUID()];
    const client = await connectRaw(server.url);
    client.send(addQueries(0, [{ queryId: 0, udfPath: "items:sum", args: { key: watched } }]));
    await client.next();
    await write(other);
    await write(watched, 3);
    expect((await client.next()).modifications).toMatchObject([{ value: 3 }]);
    client.close();
  });

  it("carry what a query logged", async () => {
    const client = await connectRaw(server.url);
    client.send(addQueries(0, [{ queryId: 0, udfPath: "items:logs" }]));
    expect((await client.next()).modifications).toMatchObject([
      { value: null, logLines: ["[LOG] 'looked' 42"] },
    ]);
    client.close();
  });

  it("of a large result come in chunks, and whole for an old client", async () => {
    const query = { queryId: 0, udfPath: "items:large", args: { characters: 2_000_000 } };
    const client = await connectRaw(server.url);
    client.send(addQueries(0, [query]));
    let text = "";
    let parts = 1;
    for (let part = 0; part < parts; part += 1) {
      const chunk = await client.next();
      expect(chunk).toMatchObject({ type: "TransitionChunk", partNumber: part });
      parts = chunk.totalParts as number;
      text += chunk.chunk;
    }
    expect(JSON.parse(text).modifications[0].value).toHaveLength(2_000_000);
    client.close();
    const old = await connectRaw(server.url, { path: "/api/1.20.0/sync" });
    old.send(addQueries(0, [query]));
    expect((await old.next()).type).toBe("Transition");
    old.close();
  });
});

describe("mutations", () => {
  it("are answered before the Transition that has passed their commit, in order", async () => {
    const client = await connectRaw(server.url);
    const keys = Array.from({ length: 20 }, () => randomUUID());
    for (const [index, key] of keys.entries()) {
      client.send(mutation(index, "items:add", { key, value: 1 }));
    }
    const answered: number[] = [];
    let newest = 0n;
    let passed = -1n;
    while (answered.length < keys.length || passed < newest) {
      const message = await client.next();
      if (message.type === "MutationResponse") {
        expect(message).toMatchObject({ success: true, logLines: [] });
        answered.push(message.requestId as number);
        const ts = decodeTimestamp(message.ts as string) ?? 0n;
        expect(ts).toBeGreaterThan(newest);
        // A Transition before it must not have passed it, or the client would wait for another.
        newest = ts;
      } else {
        passed = decodeTimestamp(versionsOf(message).end.ts) ?? 0n;
        expect(passed).toBeGreaterThanOrEqual(newest);
      }
    }
    expect(answered).toEqual(keys.map((_key, index) => index));
    client.close();
  });

  it("that fail are answered with the error and its data, and leave nothing", async () => {
    const client = await connectRaw(server.url);
    client.send(mutation(0, "items:refuse", {}));
    const message = await client.next();
    expect(message).toMatchObject({
      type: "MutationResponse",
      success: false,
      ts: null,
      errorData: { code: "refused", needed: { $integer: "AgAAAAAAAAA=" } },
    });
    expect(message.result).toMatch(
      /^\[Request ID: [0-9a-f]{16}\] Server Error\nUncaught ConvexError/,
    );
    client.send(addQueries(0, [{ queryId: 0, udfPath: "items:byKey", args: { key: "refused" } }]));
    expect((await client.next()).modifications).toMatchObject([{ value: [] }]);
    client.close();
  });

  it("leave one line in the log when they fail", async () => {
    const before = server.lines.length;
    const client = await connectRaw(server.url);
    client.send(mutation(0, "items:refuse", {}));
    await client.next();
    const said = server.lines.slice(before);
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/^Mutation "items:refuse" failed: Uncaught ConvexError/);
    client.close();
  });

  it("sent again after a reconnect get the first answer and do not run twice", async () => {
    const key = randomUUID();
    const sessionId = randomUUID();
    const first = await connectRaw(server.url, { sessionId });
    first.send(mutation(0, "items:add", { key, value: 1 }));
    const answer = await first.next();
    first.webSocket.terminate();
    await first.closed();
    const second = await connectRaw(server.url, { sessionId });
    second.send(addQueries(0, [{ queryId: 0, udfPath: "items:sum", args: { key } }]));
    second.send(mutation(0, "items:add", { key, value: 1 }));
    const messages = [await second.next(), await second.next()];
    const repeat = messages.find((message) => message.type === "MutationResponse");
    expect(repeat).toMatchObject({ result: answer.result, ts: answer.ts });
    const transition = messages.find((message) => message.type === "Transition");
    expect(transition?.modifications).toMatchObject([{ value: 1 }]);
    second.close();
  });

  it("of two sessions with one request id are two", async () => {
    const key = randomUUID();
    for (let index = 0; index < 2; index += 1) {
      const client = await connectRaw(server.url);
      client.send(mutation(0, "items:add", { key, value: 1 }));
      await client.nextOf("Transition");
      client.close();
    }
    const client = await connectRaw(server.url);
    client.send(addQueries(0, [{ queryId: 0, udfPath: "items:sum", args: { key } }]));
    expect((await client.next()).modifications).toMatchObject([{ value: 2 }]);
    client.close();
  });
});

describe("actions", () => {
  it("of a client that takes no answers are not read any more", async () => {
    const files = {
      "a.ts": `export const big = action({ handler: async () => "x".repeat(1e6) });`,
    };
    const app = await startTestApp(files);
    const asked = 200;
    const client = await connectRaw(app.url);
    client.webSocket.pause();
    const before = process.memoryUsage().external;
    for (let requestId = 0; requestId < asked; requestId += 1) {
      client.send({ type: "Action", requestId, udfPath: "a:big", args: [{}] });
      await new Promise((resolve) => setImmediate(resolve));
    }
    const witness = await connectRaw(app.url);
    witness.send({ type: "Action", requestId: 0, udfPath: "a:big", args: [{}] });
    await witness.nextOf("ActionResponse");
    expect(process.memoryUsage().external - before).toBeLessThan((asked * 1e6) / 2);
    client.webSocket.resume();
    for (let answered = 0; answered < asked; answered += 1) await client.nextOf("ActionResponse");
    client.close();
    witness.close();
    await app.dispose();
  });
});

describe("identities", () => {
  it("the admin may call internal functions, and act as a user", async () => {
    const client = await connectRaw(server.url);
    client.send({
      type: "Authenticate",
      tokenType: "Admin",
      baseVersion: 0,
      value: server.adminKey,
      impersonating: { subject: "someone", issuer: "i", tokenIdentifier: "i|someone" },
    });
    client.send(
      addQueries(0, [
        { queryId: 0, udfPath: "items:secret" },
        { queryId: 1, udfPath: "items:whoAmI" },
      ]),
    );
    const message = await client.next();
    expect(versionsOf(message).end).toMatchObject({ querySet: 1, identity: 1 });
    expect(message.modifications).toMatchObject([{ value: "internal" }, { value: "someone" }]);
    client.close();
  });

  it("a change of identity runs the queries again", async () => {
    const client = await connectRaw(server.url);
    client.send(addQueries(0, [{ queryId: 0, udfPath: "items:secret" }]));
    expect((await client.next()).modifications).toMatchObject([{ type: "QueryFailed" }]);
    client.send({
      type: "Authenticate",
      tokenType: "Admin",
      baseVersion: 0,
      value: server.adminKey,
    });
    const message = await client.next();
    expect(versionsOf(message).end).toMatchObject({ querySet: 1, identity: 1 });
    expect(message.modifications).toMatchObject([{ value: "internal" }]);
    client.close();
  });

  it.each([
    ["a user's token", { tokenType: "User", value: "a.b.c" }, /No auth provider found matching/],
    ["a wrong admin key", { tokenType: "Admin", value: "x|y" }, /admin key was invalid/],
  ])("%s gets an AuthError and a close without code", async (_name, token, says) => {
    const client = await connectRaw(server.url);
    client.send({ type: "Authenticate", baseVersion: 0, ...token });
    expect(await client.next()).toMatchObject({
      type: "AuthError",
      error: expect.stringMatching(says),
      baseVersion: 0,
      authUpdateAttempted: true,
    });
    expect((await client.closed()).code).toBe(1005);
  });
});

describe("violations of the protocol", () => {
  it.each<[string, readonly (object | string | Buffer)[], RegExp]>([
    ["text that is no JSON", ["{"], /WSMessageInvalidJson: Received Invalid JSON/],
    ["a binary frame", [Buffer.from("{}")], /WSMessageBinary/],
    ["an unknown message", [{ type: "Hello" }], /unknown message type "Hello"/],
    [
      "Connect twice",
      [{ type: "Connect", sessionId: randomUUID(), connectionCount: 1, lastCloseReason: null }],
      /UnexpectedConnect/,
    ],
    ["a query set from another base", [addQueries(3, [])], /BaseVersionMismatch/],
    [
      "a query set that goes backwards",
      [{ type: "ModifyQuerySet", baseVersion: 0, newVersion: 0, modifications: [] }],
      /InvalidNewVersion/,
    ],
    [
      "an identity from another base",
      [{ type: "Authenticate", tokenType: "None", baseVersion: 2 }],
      /BaseVersionMismatch/,
    ],
    [
      "the same query id twice",
      [
        addQueries(
          0,
          [1, 1].map((queryId) => ({ queryId, udfPath: "items:count" })),
        ),
      ],
      /QueryRepeated/,
    ],
    [
      "the removal of a query that was not added",
      [
        {
          type: "ModifyQuerySet",
          baseVersion: 0,
          newVersion: 1,
          modifications: [{ type: "Remove", queryId: 5 }],
        },
      ],
      /QueryNotFound/,
    ],
  ])("%s is fatal", async (_name, messages, says) => {
    const client = await connectRaw(server.url);
    for (const message of messages) client.send(message);
    const last = await client.nextOf("FatalError");
    expect(last.error).toMatch(says);
    await client.closed();
  });

  it("any other message before Connect is fatal", async () => {
    const client = await connectRaw(server.url, { silent: true });
    client.send(addQueries(0, []));
    expect((await client.next()).error).toMatch(/ExpectedConnect/);
    await client.closed();
  });

  it.each([
    ["a frame above 32 MB", (client: RawClient) => client.send(" ".repeat(33 * 1_048_576)), 1009],
    [
      "text that is not UTF-8",
      (client: RawClient) => client.webSocket.send(Buffer.from([0xff, 0xfe]), { binary: false }),
      1007,
    ],
  ])("%s closes with the WebSocket's own code", async (_name, send, code) => {
    const client = await connectRaw(server.url);
    send(client);
    expect((await client.closed()).code).toBe(code);
  });

  it("another path is refused before the upgrade", async () => {
    await expect(connectRaw(server.url, { path: "/api/1.48.0/other" })).rejects.toThrow(/400/);
  });
});

describe("a client that has seen newer data than there is", () => {
  it("is turned away with an internal error, and the log says why", async () => {
    const client = await connectRaw(server.url, { silent: true });
    client.send({
      type: "Connect",
      sessionId: randomUUID(),
      connectionCount: 1,
      lastCloseReason: null,
      maxObservedTimestamp: encodeTimestamp(2n ** 63n),
    });
    expect(await client.closed()).toEqual({ code: 1011, reason: "InternalServerError" });
    expect(server.lines.at(-1)).toMatch(/was the data folder replaced/);
  });
});
