/** The door to Convex without React: a source over the official `ConvexClient`. */
import { type LatestDeployment, WATCH_LATEST_DEPLOYMENT } from "@tideline/version";
import type { ConvexClient } from "convex/browser";
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
