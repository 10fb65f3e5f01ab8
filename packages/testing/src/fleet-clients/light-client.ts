/**
 * A machine's side of the sync protocol and no more: one query that is watched, and mutations that
 * are sent again after a lost connection, as Convex's own client sends them. A thousand of it fit
 * into one process.
 */
import { randomUUID } from "node:crypto";
import type { FleetTarget } from "@tideline/version/fleet";
import { WebSocket } from "ws";

interface Waiting {
  readonly udfPath: string;
  readonly args: object;
  readonly onAnswer: (result: unknown) => void;
}

/** Connects again and again, 20 to 60 ms after each loss. */
export class LightClient {
  readonly #url: string;
  readonly #watched: { readonly udfPath: string; readonly args: object };
  readonly #onTargets: (targets: readonly FleetTarget[]) => void;
  readonly #sessionId = randomUUID();
  readonly #waiting = new Map<number, Waiting>();
  #webSocket: WebSocket | null = null;
  #requests = 0;
  #connections = 0;
  #isClosed = false;

  constructor(
    url: string,
    watched: { readonly udfPath: string; readonly args: object },
    onTargets: (targets: readonly FleetTarget[]) => void,
  ) {
    this.#url = `${url.replace("http", "ws")}/api/1.48.0/sync`;
    this.#watched = watched;
    this.#onTargets = onTargets;
    this.#connect();
  }

  /** How often it has connected. */
  get connections(): number {
    return this.#connections;
  }

  /** Calls a mutation; resolves with its answer, whichever connection that comes on. */
  mutation(udfPath: string, args: object): Promise<unknown> {
    const requestId = this.#requests++;
    return new Promise((resolve) => {
      this.#waiting.set(requestId, { udfPath, args, onAnswer: resolve });
      this.#sendMutation(requestId);
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#webSocket?.terminate();
  }

  #connect(): void {
    if (this.#isClosed) return;
    const webSocket = new WebSocket(this.#url, { perMessageDeflate: false });
    this.#webSocket = webSocket;
    webSocket.on("error", () => {});
    webSocket.on("close", () => {
      setTimeout(() => this.#connect(), 20 + Math.random() * 40);
    });
    webSocket.on("open", () => this.#greet());
    webSocket.on("message", (data) => this.#read(JSON.parse(data.toString())));
  }

  #greet(): void {
    this.#connections += 1;
    this.#send({
      ...{ type: "Connect", sessionId: this.#sessionId, connectionCount: this.#connections - 1 },
      ...{ lastCloseReason: null, clientTs: 0 },
    });
    const { udfPath, args } = this.#watched;
    this.#send({
      ...{ type: "ModifyQuerySet", baseVersion: 0, newVersion: 1 },
      modifications: [{ type: "Add", queryId: 0, udfPath, args: [args] }],
    });
    for (const requestId of this.#waiting.keys()) this.#sendMutation(requestId);
  }

  #sendMutation(requestId: number): void {
    const waiting = this.#waiting.get(requestId);
    if (waiting === undefined || this.#webSocket?.readyState !== WebSocket.OPEN) return;
    const { udfPath, args } = waiting;
    this.#send({ type: "Mutation", requestId, udfPath, args: [args] });
  }

  #send(message: object): void {
    this.#webSocket?.send(JSON.stringify(message));
  }

  #read(message: {
    readonly type: string;
    readonly requestId?: number;
    readonly result?: unknown;
    readonly modifications?: readonly { readonly type: string; readonly value?: unknown }[];
  }): void {
    if (message.type === "MutationResponse" && message.requestId !== undefined) {
      this.#waiting.get(message.requestId)?.onAnswer(message.result);
      this.#waiting.delete(message.requestId);
    }
    for (const { type, value } of message.modifications ?? []) {
      if (type === "QueryUpdated") this.#onTargets(value as FleetTarget[]);
    }
  }
}
