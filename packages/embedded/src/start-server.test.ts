/** The official clients against the whole server, over real sockets. */
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ConvexClient, ConvexHttpClient } from "convex/browser";
import { ConvexReactClient } from "convex/react";
import { makeFunctionReference } from "convex/server";
import { ConvexError } from "convex/values";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { APP, startTestServer, type TestServer } from "../bench/support/test-server.js";
import { StartError, startServer } from "./index.js";

const add = makeFunctionReference<"mutation", { key: string; value: number }, string>("items:add");
const sum = makeFunctionReference<"query", { key: string }, number>("items:sum");
const refuse = makeFunctionReference<"mutation">("items:refuse");
const broken = makeFunctionReference<"query">("items:broken");
const big = makeFunctionReference<"query", Record<string, never>, bigint>("items:big");
const addByAction = makeFunctionReference<"action", { key: string }, string>("items:addByAction");
const page = makeFunctionReference<"query">("items:page");
const variable = makeFunctionReference<"query", Record<string, never>, string | null>(
  "items:variable",
);

let server: TestServer;
const closers: (() => unknown)[] = [];

beforeAll(async () => {
  server = await startTestServer({ env: { FLAVOUR: "plain" } });
});
afterAll(() => server.dispose());
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** Asks for a WebSocket on a connection that stays open until it is destroyed; retries till it can. */
async function connectUpgrade(port: number, path: string): Promise<Socket> {
  for (;;) {
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    try {
      await once(socket, "connect");
    } catch {
      // Not listening yet.
      continue;
    }
    socket.on("error", () => {});
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    );
    return socket;
  }
}

function openClient(url = server.url): ConvexClient {
  const client = new ConvexClient(url, { logger: false });
  closers.push(() => client.close());
  return client;
}

function openReactClient(): ConvexReactClient {
  const client = new ConvexReactClient(server.url, {
    logger: false,
    // Node 20 has no WebSocket of its own.
    webSocketConstructor: WebSocket as unknown as typeof globalThis.WebSocket,
  });
  closers.push(() => client.close());
  return client;
}

/** Resolves once `read` gives what is wanted; it is asked at every change. */
function until<Value>(
  client: ConvexClient,
  args: { key: string },
  wanted: (value: Value) => boolean,
): Promise<Value> {
  return new Promise((resolve, reject) => {
    client.onUpdate(
      sum,
      args,
      (value) => {
        if (wanted(value as Value)) resolve(value as Value);
      },
      reject,
    );
  });
}

describe("ConvexClient", () => {
  it("sees its own write in its query by the time the mutation resolves", async () => {
    const client = openClient();
    const key = randomUUID();
    let seen = -1;
    client.onUpdate(sum, { key }, (value) => {
      seen = value;
    });
    for (let index = 1; index <= 20; index += 1) {
      await client.mutation(add, { key, value: 1 });
      expect(seen).toBe(index);
    }
  });

  it("hears of another client's write", async () => {
    const key = randomUUID();
    const heard = until<number>(openClient(), { key }, (value) => value === 7);
    await openClient().mutation(add, { key, value: 7 });
    expect(await heard).toBe(7);
  });

  it("gets a ConvexError with its data, and resolves a mutation that nobody watches", async () => {
    const client = openClient();
    const error = await client.mutation(refuse, {}).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConvexError);
    expect((error as ConvexError<{ code: string; needed: bigint }>).data).toEqual({
      code: "refused",
      needed: 2n,
    });
    await client.mutation(add, { key: randomUUID(), value: 1 });
  });

  it("gets the error of a query, with the file it came from", async () => {
    const client = openClient();
    const error = await client.query(broken, {}).catch((thrown: Error) => thrown);
    expect(String(error)).toMatch(/Server Error\nUncaught Error: broken on purpose/);
    expect(String(error)).toMatch(/items\.ts/);
  });

  it("runs actions, whose writes its queries hear of", async () => {
    const client = openClient();
    const key = randomUUID();
    const heard = until<number>(client, { key }, (value) => value === 1);
    expect(await client.action(addByAction, { key })).toEqual(expect.any(String));
    await heard;
  });

  it("asked the same by many, the server runs a query once per commit", async () => {
    const key = randomUUID();
    const clients = Array.from({ length: 20 }, () => openClient());
    const heard = clients.map((client) => until<number>(client, { key }, (value) => value === 3));
    await clients[0]?.mutation(add, { key, value: 3 });
    expect(await Promise.all(heard)).toEqual(clients.map(() => 3));
  });

  it("hears of a variable of the deployment that was set", async () => {
    const client = openClient();
    const seen: unknown[] = [];
    const heard = new Promise<void>((resolve) => {
      client.onUpdate(variable, {}, (value) => {
        seen.push(value);
        if (value === "strong") resolve();
        else void setVariable("FLAVOUR", "strong");
      });
    });
    await heard;
    await setVariable("FLAVOUR", null);
    expect(seen.slice(0, 2)).toEqual(["plain", "strong"]);
  });
});

async function setVariable(name: string, value: string | null): Promise<void> {
  const response = await fetch(`${server.url}/api/update_environment_variables`, {
    method: "POST",
    headers: { Authorization: `Convex ${server.adminKey}` },
    body: JSON.stringify({ changes: [{ name, value }] }),
  });
  expect(response.status).toBe(200);
}

describe("ConvexReactClient", () => {
  it("watches a query and shows an optimistic update until the server's answer", async () => {
    const client = openReactClient();
    const key = randomUUID();
    const watch = client.watchQuery(sum, { key });
    const seen: unknown[] = [];
    const first = new Promise<void>((resolve) => {
      watch.onUpdate(() => {
        seen.push(watch.localQueryResult());
        resolve();
      });
    });
    await first;
    await client.mutation(
      add,
      { key, value: 2 },
      { optimisticUpdate: (store) => store.setQuery(sum, { key }, 99) },
    );
    expect(seen).toEqual([0, 99, 2]);
  });

  it("pages stay without a gap and without a double while rows come in between", async () => {
    const client = openReactClient();
    const prefix = `page-${randomUUID()}`;
    // Keys that sort before all others of this file, in front of which nobody else writes.
    const keyOf = (index: number) => `!${prefix}-${String(index).padStart(3, "0")}`;
    for (let index = 0; index < 20; index += 2) {
      await client.mutation(add, { key: keyOf(index), value: index });
    }
    type Page = { page: { value: number }[]; continueCursor: string };
    const watchPage = (cursor: string | null) =>
      client.watchQuery(page, { paginationOpts: { numItems: 4, cursor, id: 1 } });
    const read = async (cursor: string | null): Promise<Page & { again: () => Page }> => {
      const watch = watchPage(cursor);
      await new Promise<void>((resolve) => {
        watch.onUpdate(resolve);
        if (watch.localQueryResult() !== undefined) resolve();
      });
      return {
        ...(watch.localQueryResult() as Page),
        again: () => watch.localQueryResult() as Page,
      };
    };
    const first = await read(null);
    const second = await read(first.continueCursor);
    expect(first.page.map((item) => item.value)).toEqual([0, 2, 4, 6]);
    expect(second.page.map((item) => item.value)).toEqual([8, 10, 12, 14]);
    for (const index of [1, 3, 9]) await client.mutation(add, { key: keyOf(index), value: index });
    expect(first.again().page.map((item) => item.value)).toEqual([0, 1, 2, 3, 4, 6]);
    expect(second.again().page.map((item) => item.value)).toEqual([8, 9, 10, 12, 14]);
    expect(first.again().continueCursor).toBe(first.continueCursor);
  });
});

describe("ConvexHttpClient", () => {
  it("queries, mutates, acts, and keeps Convex's types", async () => {
    const client = new ConvexHttpClient(server.url, { logger: false });
    const key = randomUUID();
    await client.mutation(add, { key, value: 4 });
    await client.action(addByAction, { key });
    expect(await client.query(sum, { key })).toBe(5);
    expect(await client.query(big, {})).toBe(2n ** 60n);
    await expect(client.mutation(refuse, {})).rejects.toThrow(ConvexError);
  });
});

describe("startServer()", () => {
  it("says one line when it is ready, and keeps data over a restart", async () => {
    const first = await startTestServer();
    const key = randomUUID();
    await new ConvexHttpClient(first.url).mutation(add, { key, value: 8 });
    expect(first.lines).toEqual([
      `Convex functions of "${APP}" at ${first.url}, HTTP actions at ${first.siteUrl}`,
    ]);
    await first.close();
    const second = await startTestServer({ data: first.data });
    expect(await new ConvexHttpClient(second.url).query(sum, { key })).toBe(8);
    expect(second.adminKey).toBe(first.adminKey);
    await second.dispose();
  });

  it("closes sockets with 1001, so that clients come back", async () => {
    const own = await startTestServer();
    const client = openClient(own.url);
    const key = randomUUID();
    await client.mutation(add, { key, value: 1 });
    const port = Number(new URL(own.url).port);
    await own.close();
    const again = await startTestServer({ data: own.data, port });
    await client.mutation(add, { key, value: 1 });
    expect(await client.query(sum, { key })).toBe(2);
    await client.close();
    await again.dispose();
  });

  it("with watch, a changed file is loaded and every open query follows", async () => {
    const project = await mkdtemp(join(tmpdir(), "tideline-watch-"));
    await symlink(
      fileURLToPath(new URL("../../../node_modules", import.meta.url)),
      join(project, "node_modules"),
    );
    const dir = join(project, "convex");
    await mkdir(dir);
    const writeAnswer = (answer: string) =>
      writeFile(
        join(dir, "greeting.js"),
        `import { queryGeneric } from "convex/server";
         export const get = queryGeneric({ args: {}, handler: async () => "${answer}" });`,
      );
    await writeAnswer("first");
    const own = await startTestServer({ dir, watch: true });
    const client = openClient(own.url);
    const seen: unknown[] = [];
    await new Promise<void>((resolve, reject) => {
      client.onUpdate(
        makeFunctionReference<"query">("greeting:get"),
        {},
        (value) => {
          seen.push(value);
          if (value === "second") resolve();
          else void writeAnswer("second");
        },
        reject,
      );
    });
    expect(seen).toEqual(["first", "second"]);
    await client.close();
    await own.dispose();
    await rm(project, { recursive: true });
  });

  it("refuses a port in use, a missing folder and data in use, each in one sentence", async () => {
    const port = Number(new URL(server.url).port);
    const refusal = async (options: Parameters<typeof startTestServer>[0]) => {
      const error = await startTestServer(options).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(StartError);
      return (error as StartError).message;
    };
    expect(await refusal({ port })).toMatch(
      /^Cannot listen on 127\.0\.0\.1:\d+: the port is in use/,
    );
    expect(await refusal({ dir: "/nowhere" })).toMatch(/there is no such folder.*--dir/);
    expect(await refusal({ data: server.data })).toMatch(/another process is using it|in use/);
    expect(await refusal({ data: "/dev/null/data" })).toMatch(/^Cannot write to the data folder/);
  });

  it("says at once why the functions do not load, while a client waits for them", async () => {
    const dir = await mkdtemp(join(tmpdir(), "tideline-broken-"));
    await writeFile(join(dir, "broken.js"), "export const = 1;");
    const own = await startTestServer();
    const port = Number(new URL(own.url).port);
    await own.close();
    const starting = startTestServer({ data: own.data, dir, port });
    const refused = expect(starting).rejects.toThrow(/^Cannot bundle/);
    const waiting = await connectUpgrade(port, "/api/1.48.0/sync");
    const dropped = once(waiting.resume(), "end");
    await refused;
    await dropped;
    waiting.destroy();
    await rm(dir, { recursive: true });
    await rm(own.data, { recursive: true });
  });

  it("closes although a refused connection is kept open by its peer", async () => {
    const own = await startTestServer();
    const peer = await connectUpgrade(Number(new URL(own.url).port), "/nowhere");
    await once(peer, "data");
    await own.dispose();
    peer.destroy();
  });

  it("leaves nothing open when it could not start", async () => {
    const own = await startTestServer();
    const { data } = own;
    const port = Number(new URL(own.url).port);
    await own.close();
    const options = { data, dir: APP, log: () => {} };
    await expect(
      startServer({ ...options, port, sitePort: Number(new URL(server.url).port) }),
    ).rejects.toThrow(/--site-port/);
    const again = await startTestServer({ data, port });
    await again.dispose();
  });
});
