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
  close(): Promise<void>;
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
  const client = new ConvexClient(url, {
    logger: false,
    unsavedChangesWarning: false,
    // A deployment of one's own may have any address.
    skipConvexDeploymentUrlCheck: true,
  });
  const state = (): ConnectionState => {
    const { isWebSocketConnected, hasEverConnected, connectionRetries } = client.connectionState();
    // The client counts its retries from 0 again once all subscriptions are answered: an open
    // socket alone would call an answer of before the interruption fresh.
    if (connectionRetries === 0) {
      if (isWebSocketConnected) return "live";
      if (!hasEverConnected) return "connecting";
    }
    return "away";
  };
  const listeners = new Set<(state: ConnectionState) => void>();
  let told = state();
  client.subscribeToConnectionState(() => {
    const now = state();
    if (now === told) return;
    told = now;
    for (const listener of listeners) listener(now);
  });
  return {
    source: convexSource(client, functionName),
    state,
    onStateChange(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
    close: () => client.close(),
  };
}
