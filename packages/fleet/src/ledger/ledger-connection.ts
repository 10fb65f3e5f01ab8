/** One connection to the ledger for all that a process watches and tells, over however many clients. */
import { ConvexClient } from "convex/browser";
import type { FunctionReference } from "convex/server";
import { makeLedgerSockets } from "./ledger-socket.js";
import { watchReturn } from "./watch-return.js";

// A connection that is cut in between may take the client as long as it waits at most between tries.
const ANSWER_WITHIN_MS = 30_000;
// The other side's goodbye is a courtesy.
const CLOSE_WITHIN_MS = 1_000;

/** What {@link openLedgerConnection} needs. */
export interface LedgerConnectionOptions {
  /** The deployment's address. */
  readonly url: string;
  readonly fetch: typeof fetch;
  /** Hears when what was heard can be relied on, and when not any more. */
  readonly onLive: (isLive: boolean) => void;
}

/** A connection that is there again about two seconds after the ledger is. */
export interface LedgerConnection {
  /** Hears a query's answers until `signal` aborts; after an interruption the same one once more. */
  subscribe(
    name: string,
    args: Readonly<Record<string, unknown>>,
    onAnswer: (answer: unknown) => void,
    onError: (error: Error) => void,
    signal: AbortSignal,
  ): void;
  /** Calls a mutation that may be called twice: where the answer was lost, it is. */
  mutate(
    name: string,
    args: Readonly<Record<string, unknown>>,
    signal?: AbortSignal,
  ): Promise<unknown>;
  close(): Promise<void>;
}

/** A function by its name alone: the client accepts a string, though its types do not say so. */
type Query = FunctionReference<"query", "public", Record<string, unknown>, unknown>;
type Mutation = FunctionReference<"mutation", "public", Record<string, unknown>, unknown>;

interface Subscription {
  readonly follow: (client: ConvexClient) => void;
  stop: () => void;
}

interface Connected {
  readonly client: ConvexClient;
  readonly close: () => Promise<void>;
  /** Resolves with `null` when another client takes its place, and rejects when there is no other. */
  readonly gone: Promise<null>;
  readonly replaced: () => void;
  readonly ended: (error: Error) => void;
}

/** Opens it. It connects when somebody subscribes or calls for the first time. */
export function openLedgerConnection({
  url,
  fetch,
  onLive,
}: LedgerConnectionOptions): LedgerConnection {
  const subscriptions = new Set<Subscription>();
  /** Those that the client at hand has not answered yet, if it took the place of another one. */
  const awaited = new Set<Subscription>();
  const returning = watchReturn({ url, fetch, reconnect });
  let current: Connected | null = null;
  let isLive = false;
  let isClosed = false;

  function connect(): Connected {
    if (isClosed) throw closed();
    current ??= open();
    return current;
  }

  function open(): Connected {
    const sockets = makeLedgerSockets();
    const client = new ConvexClient(url, {
      logger: false,
      unsavedChangesWarning: false,
      // A deployment of one's own may have any address.
      skipConvexDeploymentUrlCheck: true,
      webSocketConstructor: sockets.Socket,
    });
    const stopListening = client.subscribeToConnectionState(look);
    let replaced = () => {};
    let ended = (_: Error) => {};
    const gone = new Promise<null>((resolve, reject) => {
      replaced = () => resolve(null);
      ended = reject;
    });
    // Nobody may be calling.
    gone.catch(() => {});
    const close = async () => {
      stopListening();
      // It resolves when the socket is closed, which is for the other side to say.
      const closing = client.close();
      sockets.abandon();
      const timer = setTimeout(sockets.terminate, CLOSE_WITHIN_MS);
      await closing;
      clearTimeout(timer);
    };
    returning.look(true);
    return { client, close, gone, replaced, ended };
  }

  function look(): void {
    if (isClosed || current === null) return;
    const { isWebSocketConnected, connectionRetries } = current.client.connectionState();
    // The client counts its retries from 0 again once its subscriptions are answered: an open socket
    // alone would call what was heard before the interruption fresh.
    const isNow = isWebSocketConnected && connectionRetries === 0 && awaited.size === 0;
    returning.look(!isNow);
    if (isNow === isLive) return;
    isLive = isNow;
    onLive(isNow);
  }

  function reconnect(): void {
    // A connection that stands is about to be answered.
    if (isClosed || current?.client.connectionState().isWebSocketConnected !== false) return;
    const before = current;
    void before.close();
    current = open();
    for (const subscription of subscriptions) {
      awaited.add(subscription);
      subscription.follow(current.client);
    }
    before.replaced();
  }

  return {
    subscribe(name, args, onAnswer, onError, signal) {
      if (signal.aborted) return;
      const { client } = connect();
      const answered = () => {
        if (awaited.delete(subscription)) look();
      };
      const subscription: Subscription = {
        stop: () => {},
        follow(from) {
          const hear = (answer: unknown) => {
            onAnswer(answer);
            answered();
          };
          const fail = (error: Error) => {
            onError(error);
            answered();
          };
          subscription.stop = from.onUpdate(name as unknown as Query, { ...args }, hear, fail);
        },
      };
      subscription.follow(client);
      subscriptions.add(subscription);
      const stop = () => {
        subscriptions.delete(subscription);
        subscription.stop();
        answered();
      };
      signal.addEventListener("abort", stop, { once: true });
    },
    async mutate(name, args, signal) {
      let timer: NodeJS.Timeout | undefined;
      let onAbort: (() => void) | undefined;
      const patience = new Promise<never>((_, reject) => {
        const late = () =>
          reject(new Error(`Cannot call ${name}: no answer within ${ANSWER_WITHIN_MS / 1000} s`));
        timer = setTimeout(late, ANSWER_WITHIN_MS);
        onAbort = () => reject(signal?.reason);
        signal?.addEventListener("abort", onAbort, { once: true });
      });
      // `connect` may throw before anybody waits for it.
      patience.catch(() => {});
      try {
        for (;;) {
          const { client, gone } = connect();
          const answer = client.mutation(name as unknown as Mutation, { ...args });
          const found = await Promise.race([answer.then((value) => ({ value })), patience, gone]);
          if (found !== null) return found.value;
        }
      } finally {
        clearTimeout(timer);
        if (onAbort) signal?.removeEventListener("abort", onAbort);
      }
    },
    async close() {
      if (isClosed) return;
      isClosed = true;
      returning.end();
      current?.ended(closed());
      await current?.close();
    },
  };
}

function closed(): Error {
  return new Error("Cannot connect: the ledger was closed");
}
