/** The order in which the sync protocol says things, by raw frames. */
import { createHash, randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import {
  addQueries,
  connectRaw,
  type Message,
  mutation,
  type RawClient,
} from "../../bench/support/raw-client.js";
import { decodeTimestamp } from "../sync/timestamp.js";
import { startTestApp, type TestApp } from "./test-app.js";

let app: TestApp;
const clients: RawClient[] = [];
beforeAll(async () => {
  app = await startTestApp({
    "rows.ts": `
    export const add = mutation({ args: { key: v.string() }, handler: async ({ db }, { key }) => { await db.insert("rows", { key }); return (await db.query("rows").collect()).filter((row) => row.key === key).length; } });
    export const count = query({ args: { key: v.string() }, handler: async ({ db }, { key }) => (await db.query("rows").collect()).filter((row) => row.key === key).length });
    export const fail = mutation({ handler: async ({ db }) => { await db.insert("rows", { key: "failed" }); console.log("tried"); throw new Error("failed"); } });
    export const nothing = mutation({ handler: async () => 5n });
    export const failing = query({ handler: async () => { throw new Error("no"); } });
    export const refusing = query({ handler: async () => { throw new ConvexError({ n: 1n }); } });
    export const act = action({ args: { key: v.string() }, handler: async (ctx, { key }) => { console.log("acting"); return ctx.runMutation("rows:add", { key }); } });
    export const actFail = action({ handler: async () => { throw new ConvexError("act"); } });
    export const slow = action({ handler: async () => { await new Promise((resolve) => setTimeout(resolve, 300)); return "slow"; } });
    export const quick = action({ handler: async () => "quick" });
    export default query({ handler: async () => "default" });`,
    "folder/deep.ts": "export const get = query({ handler: async () => 'deep' });",
  });
});
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});
afterAll(() => app.dispose());

async function connect(options: Parameters<typeof connectRaw>[1] = {}): Promise<RawClient> {
  const client = await connectRaw(app.url, options);
  clients.push(client);
  return client;
}

interface Version {
  readonly querySet: number;
  readonly identity: number;
  readonly ts: string;
}
const endOf = (message: Message) => message.endVersion as Version;
const tsOf = (text: unknown): bigint => {
  const ts = decodeTimestamp(String(text));
  if (ts === null) throw new Error(`No timestamp: ${text}`);
  return ts;
};

describe("a connection", () => {
  it("is open at /api/sync, too", async () => {
    const client = await connect({ path: "/api/sync" });
    client.send(addQueries(0, []));
    expect(await client.next()).toMatchObject({ type: "Transition" });
  });

  it("hears nothing in return for Connect and Event", async () => {
    const client = await connect();
    client.send({ type: "Event", eventType: "ClientConnect", event: { marks: [] } });
    client.send({ type: "Action", requestId: 7, udfPath: "rows:quick", args: [{}] });
    expect(await client.next()).toMatchObject({ type: "ActionResponse", requestId: 7 });
  });

  it("names a function with .js, without, by its module alone, in a folder", async () => {
    const client = await connect();
    const paths = [
      "rows.js:default",
      "rows:default",
      "rows",
      "folder/deep:get",
      "folder/deep.js:get",
    ];
    client.send(
      addQueries(
        0,
        paths.map((udfPath, queryId) => ({ queryId, udfPath })),
      ),
    );
    const { modifications } = await client.next();
    expect((modifications as { value: string }[]).map(({ value }) => value)).toEqual([
      ...["default", "default", "default", "deep", "deep"],
    ]);
  });

  it("tells failures with errorData only for a ConvexError", async () => {
    const client = await connect();
    client.send(
      addQueries(0, [
        { queryId: 0, udfPath: "rows:failing" },
        { queryId: 1, udfPath: "rows:refusing" },
      ]),
    );
    const message = await client.next();
    const [plain, typed] = message.modifications as Message[];
    expect(plain).toMatchObject({ type: "QueryFailed", queryId: 0, logLines: [], journal: null });
    expect(plain).not.toHaveProperty("errorData");
    expect(typed).toMatchObject({ errorData: { n: { $integer: "AQAAAAAAAAA=" } } });
  });

  it("a query that was removed is not told again, and its id may be used again", async () => {
    const client = await connect();
    const key = randomUUID();
    const query = { queryId: 3, udfPath: "rows:count", args: { key } };
    client.send(addQueries(0, [query]));
    await client.next();
    const modifications = [{ type: "Remove", queryId: 3 }];
    client.send({ type: "ModifyQuerySet", baseVersion: 1, newVersion: 2, modifications });
    expect((await client.next()).modifications).toEqual([{ type: "QueryRemoved", queryId: 3 }]);
    client.send(mutation(0, "rows:add", { key }));
    await client.nextOf("MutationResponse");
    expect((await client.next()).modifications).toEqual([]);
    client.send(addQueries(2, [query]));
    expect((await client.next()).modifications).toMatchObject([{ queryId: 3, value: 1 }]);
  });

  it("an Authenticate with None counts up the identity and changes no result", async () => {
    const client = await connect();
    client.send(addQueries(0, [{ queryId: 0, udfPath: "rows" }]));
    await client.next();
    client.send({ type: "Authenticate", tokenType: "None", baseVersion: 0 });
    const message = await client.next();
    expect(endOf(message)).toMatchObject({ querySet: 1, identity: 1 });
    expect(message.modifications).toEqual([]);
  });
});

describe("mutations", () => {
  it("40 at once are answered in order, each before a Transition that has reached it", async () => {
    const client = await connect();
    const key = randomUUID();
    client.send(addQueries(0, [{ queryId: 0, udfPath: "rows:count", args: { key } }]));
    let told = endOf(await client.next());
    const total = 40;
    for (let id = 0; id < total; id += 1) client.send(mutation(id, "rows:add", { key }));
    const unreached: bigint[] = [];
    let answered = 0;
    let lastTs = 0n;
    let seen = 0;
    while (answered < total || unreached.length > 0) {
      const message = await client.next();
      if (message.type === "MutationResponse") {
        expect(message).toMatchObject({ requestId: answered, success: true, result: answered + 1 });
        const ts = tsOf(message.ts);
        expect(ts).toBeGreaterThan(lastTs);
        // Its Transition is still to come.
        expect(ts).toBeGreaterThan(tsOf(told.ts));
        lastTs = ts;
        unreached.push(ts);
        answered += 1;
        continue;
      }
      expect(message.type).toBe("Transition");
      expect(message.startVersion).toEqual(told);
      const end = endOf(message);
      expect(tsOf(end.ts)).toBeGreaterThanOrEqual(tsOf(told.ts));
      told = end;
      while (unreached[0] !== undefined && unreached[0] <= tsOf(end.ts)) unreached.shift();
      for (const { value } of message.modifications as { value: number }[]) {
        expect(value).toBeGreaterThan(seen);
        seen = value;
      }
    }
    expect(seen).toBe(total);
  });

  it("that change nothing, or nothing that is watched, get their Transition too", async () => {
    const client = await connect();
    for (const [id, path, args] of [
      [0, "rows:nothing", {}],
      [1, "rows:add", { key: randomUUID() }],
    ] as const) {
      client.send(mutation(id, path, args));
      const response = await client.next();
      expect(response).toMatchObject({ type: "MutationResponse", requestId: id, success: true });
      const transition = await client.next();
      expect(transition).toMatchObject({ type: "Transition", modifications: [] });
      expect(tsOf(endOf(transition).ts)).toBeGreaterThanOrEqual(tsOf(response.ts));
    }
  });

  it("that fail say so with ts null, their log lines and a request id made of the session", async () => {
    const client = await connect();
    client.send(mutation(12, "rows:fail", {}));
    const response = await client.next();
    const id = createHash("sha256").update(`${client.sessionId}|12`).digest("hex").slice(0, 16);
    expect(response).toMatchObject({ success: false, ts: null, logLines: ["[LOG] 'tried'"] });
    expect(response.result).toMatch(`[Request ID: ${id}] Server Error\nUncaught Error: failed\n`);
    expect(response).not.toHaveProperty("errorData");
    client.send(addQueries(0, [{ queryId: 0, udfPath: "rows:count", args: { key: "failed" } }]));
    expect(await client.nextOf("Transition")).toMatchObject({ modifications: [{ value: 0 }] });
  });

  it("repeated on one connection and on the next are not run again", async () => {
    const first = await connect();
    const key = randomUUID();
    first.send(mutation(0, "rows:add", { key }));
    const answer = await first.nextOf("MutationResponse");
    first.send(mutation(0, "rows:add", { key }));
    expect(await first.nextOf("MutationResponse")).toMatchObject({ result: 1, ts: answer.ts });
    const second = await connect({ sessionId: first.sessionId });
    second.send(mutation(0, "rows:add", { key }));
    expect(await second.next()).toMatchObject({ result: 1, ts: answer.ts });
    const transition = await second.next();
    expect(tsOf(endOf(transition).ts)).toBeGreaterThanOrEqual(tsOf(answer.ts));
  });

  it("with arguments that do not fit fail alone, and the next one runs", async () => {
    const client = await connect();
    client.send(mutation(0, "rows:add", { key: 5 }));
    client.send(mutation(1, "rows:nothing", {}));
    expect(await client.nextOf("MutationResponse")).toMatchObject({
      success: false,
      result: expect.stringContaining("ArgumentValidationError: "),
    });
    expect(await client.nextOf("MutationResponse")).toMatchObject({
      success: true,
      result: { $integer: "BQAAAAAAAAA=" },
    });
  });
});

describe("actions", () => {
  it("run side by side, and answer without ts", async () => {
    const client = await connect();
    for (const [requestId, name] of ["slow", "quick"].entries()) {
      client.send({ type: "Action", requestId, udfPath: `rows:${name}`, args: [{}] });
    }
    const answers = [await client.nextOf("ActionResponse"), await client.nextOf("ActionResponse")];
    expect(answers.map(({ result }) => result)).toEqual(["quick", "slow"]);
    expect(answers[0]).toEqual({
      type: "ActionResponse",
      requestId: 1,
      success: true,
      result: "quick",
      logLines: [],
    });
  });

  it("write what queries hear of, and fail with their data", async () => {
    const client = await connect();
    const key = randomUUID();
    client.send(addQueries(0, [{ queryId: 0, udfPath: "rows:count", args: { key } }]));
    await client.next();
    client.send({ type: "Action", requestId: 0, udfPath: "rows:act", args: [{ key }] });
    const messages = [await client.next(), await client.next()];
    expect(messages).toContainEqual(
      expect.objectContaining({ type: "ActionResponse", result: 1, logLines: ["[LOG] 'acting'"] }),
    );
    expect(messages).toContainEqual(
      expect.objectContaining({ modifications: [expect.objectContaining({ value: 1 })] }),
    );
    client.send({ type: "Action", requestId: 1, udfPath: "rows:actFail", args: [{}] });
    expect(await client.nextOf("ActionResponse")).toMatchObject({
      success: false,
      errorData: "act",
    });
  });
});
