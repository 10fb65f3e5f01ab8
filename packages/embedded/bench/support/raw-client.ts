/** A client of the sync protocol that does only what it is told, to test what clients never do. */
import { randomUUID } from "node:crypto";
import { WebSocket } from "ws";

export interface Message {
  readonly type: string;
  readonly [field: string]: unknown;
}

export interface RawClient {
  readonly sessionId: string;
  readonly webSocket: WebSocket;
  send(message: object | string | Buffer): void;
  /** The next message that is not a Ping, in order; waits for it. */
  next(): Promise<Message>;
  /** The next message of a type; those before it are dropped. */
  nextOf(type: string): Promise<Message>;
  /** Why the connection ended; waits for it. */
  closed(): Promise<{ readonly code: number; readonly reason: string }>;
  close(): void;
}

/** Opens a connection; says Connect unless told not to. */
export async function connectRaw(
  url: string,
  options: { readonly sessionId?: string; readonly silent?: boolean; readonly path?: string } = {},
): Promise<RawClient> {
  const { sessionId = randomUUID(), silent = false, path = "/api/1.48.0/sync" } = options;
  const webSocket = new WebSocket(`${url.replace("http", "ws")}${path}`, {
    perMessageDeflate: false,
  });
  const messages: Message[] = [];
  let wake: () => void = () => {};
  webSocket.on("message", (data) => {
    const message = JSON.parse(data.toString()) as Message;
    if (message.type !== "Ping") messages.push(message);
    wake();
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    webSocket.on("close", (code, reason) => {
      resolve({ code, reason: reason.toString() });
      wake();
    });
  });
  await new Promise<void>((resolve, reject) => {
    webSocket.once("open", resolve);
    webSocket.once("error", reject);
  });
  webSocket.on("error", () => {});
  const client: RawClient = {
    sessionId,
    webSocket,
    send(message) {
      const isRaw = typeof message === "string" || Buffer.isBuffer(message);
      webSocket.send(isRaw ? message : JSON.stringify(message));
    },
    async next() {
      for (;;) {
        const message = messages.shift();
        if (message !== undefined) return message;
        if (webSocket.readyState === WebSocket.CLOSED) throw new Error("The connection is closed");
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    async nextOf(type) {
      for (;;) {
        const message = await client.next();
        if (message.type === type) return message;
      }
    },
    closed: () => closed,
    close: () => webSocket.close(),
  };
  if (!silent) {
    client.send({
      type: "Connect",
      sessionId,
      connectionCount: 0,
      lastCloseReason: null,
      clientTs: 0,
    });
  }
  return client;
}

/** The message that asks for queries; `args` of each is its one object. */
export function addQueries(
  baseVersion: number,
  queries: readonly { queryId: number; udfPath: string; args?: object; journal?: string | null }[],
): object {
  return {
    type: "ModifyQuerySet",
    baseVersion,
    newVersion: baseVersion + 1,
    modifications: queries.map(({ args = {}, ...query }) => ({
      type: "Add",
      ...query,
      args: [args],
    })),
  };
}

/** The message that calls a mutation. */
export function mutation(requestId: number, udfPath: string, args: object): object {
  return { type: "Mutation", requestId, udfPath, args: [args] };
}
