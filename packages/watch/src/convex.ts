/** The door to Convex without React: a source over the official `ConvexClient`. */
import { FUNCTION_NAMES, type LatestDeployment } from "@tideline/version";
import type { ConvexClient } from "convex/browser";
import type { FunctionReference } from "convex/server";
import { queryOnce } from "./query-once.js";
import { setupSentence } from "./setup-sentence.js";
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
  functionName: string = FUNCTION_NAMES.watchLatestDeployment,
): DeploymentSource {
  return {
    subscribe(query: DeploymentQuery, onLatest, onError) {
      return client.onUpdate(
        functionName as unknown as LatestQuery,
        { ...query },
        onLatest,
        (error) => onError(new Error(setupSentence(functionName, error.message), { cause: error })),
      );
    },
    check: (query) => queryOnce(client.client.url, functionName, query),
  };
}
