/** The door to Convex without React: a source over the official `ConvexClient`. */
import { type LatestDeployment, WATCH_LATEST_DEPLOYMENT } from "@tideline/version";
import { ConvexClient } from "convex/browser";
import type { FunctionReference } from "convex/server";
import { queryOnce } from "./query-once.js";
import { setupError } from "./setup-error.js";
import type { DeploymentQuery, DeploymentSource } from "./source.js";

/** A query by its name alone: the clients accept a string, though their types do not say so. */
type LatestQuery = FunctionReference<
  "query",
  "public",
  { appName: string; environment: string; buildId?: string },
  LatestDeployment | null
>;

/**
 * Gives a source over a `ConvexClient` that the caller made and closes.
 *
 * @param functionName @default "deployments:watchLatestDeployment"
 */
export function convexSource(
  client: ConvexClient,
  functionName: string = WATCH_LATEST_DEPLOYMENT,
): DeploymentSource {
  return {
    subscribe(query: DeploymentQuery, onLatest, onError) {
      const fail = (cause: unknown) => onError(setupError(functionName, cause));
      const tell = (latest: LatestDeployment | null) => {
        try {
          onLatest(latest);
        } catch (cause) {
          // The answer of some other query, which the rule cannot read.
          fail(cause);
        }
      };
      return client.onUpdate(functionName as unknown as LatestQuery, { ...query }, tell, fail);
    },
    check: (query) => queryOnce(client.client.url, functionName, query),
  };
}

/**
 * Whether what a connection told can be relied on.
 *
 * ```text
 *   connecting ──> live <──> away
 *       └────────────────────^
 * ```
 */
export type ConnectionState =
  /** The first attempt; nothing is known yet. */
  | "connecting"
  /** Connected, and every subscription is answered since. */
  | "live"
  /** The deployment cannot be reached; attempts go on. */
  | "away";

/** A source with a client of its own, which tells whether what was heard can be relied on. */
export interface ConvexConnection {
  readonly source: DeploymentSource;
  state(): ConnectionState;
  /** Calls back when the state has changed, in the same turn as the answers that changed it. */
  onStateChange(listener: (state: ConnectionState) => void): () => void;
  /**
   * Attempts to connect at once, for whoever knows that the deployment is back. The client itself
   * waits longer after each failure, at last up to 24 s. Subscriptions stay as they are.
   */
  reconnect?(): void;
  close(): Promise<void>;
}

/** What was subscribed for; over all clients. */
interface Subscription {
  readonly query: DeploymentQuery;
  readonly onLatest: (latest: LatestDeployment | null | undefined) => void;
  readonly onError: (error: Error) => void;
  stop: () => void;
}

/**
 * Connects to a Convex deployment with one client for any number of subscriptions. It connects
 * again by itself, at most 24 s after the deployment is back, and writes nothing to the console.
 *
 * @param url The Convex deployment's address.
 * @param functionName @default "deployments:watchLatestDeployment"
 * @throws {Error} If the address is no absolute http or https URL.
 */
export function openConvexSource(url: string, functionName?: string): ConvexConnection {
  const subscriptions = new Set<Subscription>();
  const listeners = new Set<(state: ConnectionState) => void>();
  /** Those that the client at hand has not answered yet, if it took the place of another one. */
  const awaited = new Set<Subscription>();
  let isFirst = true;
  let client = connect();
  let source = convexSource(client, functionName);
  let told = state();
  let stopListening = client.subscribeToConnectionState(tell);

  function connect(): ConvexClient {
    return new ConvexClient(url, {
      logger: false,
      unsavedChangesWarning: false,
      // A deployment of one's own may have any address.
      skipConvexDeploymentUrlCheck: true,
    });
  }

  function state(): ConnectionState {
    const { isWebSocketConnected, hasEverConnected, connectionRetries } = client.connectionState();
    // The client counts its retries from 0 again once all subscriptions are answered: an open
    // socket alone would call an answer of before the interruption fresh. One that took the place
    // of another has not had to retry.
    if (connectionRetries === 0 && awaited.size === 0) {
      if (isWebSocketConnected) return "live";
      if (!hasEverConnected && isFirst) return "connecting";
    }
    return "away";
  }

  function tell(): void {
    const now = state();
    if (now === told) return;
    told = now;
    for (const listener of listeners) listener(now);
  }

  function follow(subscription: Subscription): void {
    const { query, onLatest, onError } = subscription;
    const answered = () => {
      if (awaited.delete(subscription)) tell();
    };
    subscription.stop = source.subscribe(
      query,
      (latest) => {
        try {
          onLatest(latest);
        } finally {
          answered();
        }
      },
      (error) => {
        onError(error);
        answered();
      },
    );
  }

  return {
    source: {
      subscribe(query, onLatest, onError) {
        const subscription = { query, onLatest, onError, stop: () => {} };
        follow(subscription);
        subscriptions.add(subscription);
        return () => {
          subscriptions.delete(subscription);
          subscription.stop();
          if (awaited.delete(subscription)) tell();
        };
      },
      check: (query) => source.check?.(query) ?? Promise.resolve(undefined),
    },
    state,
    onStateChange(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
    reconnect() {
      // A connection that stands is about to be answered.
      if (client.closed || client.connectionState().isWebSocketConnected) return;
      stopListening();
      // It has nothing to say any more, whatever becomes of its last attempt.
      client.close().catch(() => {});
      isFirst = false;
      client = connect();
      source = convexSource(client, functionName);
      for (const subscription of subscriptions) {
        awaited.add(subscription);
        follow(subscription);
      }
      stopListening = client.subscribeToConnectionState(tell);
      tell();
    },
    close: () => client.close(),
  };
}
