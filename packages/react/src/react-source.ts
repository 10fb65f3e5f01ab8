import type { LatestDeployment } from "@tideline/version";
import { type DeploymentSource, queryOnce, setupError } from "@tideline/watch";
import type { ConvexReactClient } from "convex/react";
import type { FunctionReference } from "convex/server";

/** A query by its name alone: the client accepts a string, though its types do not say so. */
type LatestQuery = FunctionReference<
  "query",
  "public",
  { appName: string; environment: string; buildId?: string },
  LatestDeployment | null
>;

/**
 * Gives a source over the app's own React client, so that no second connection is opened. Unlike
 * `useQuery` it hands a failing query to `onError` instead of throwing into the component.
 */
export function reactSource(client: ConvexReactClient, functionName: string): DeploymentSource {
  return {
    subscribe(query, onLatest, onError) {
      const watch = client.watchQuery(functionName as unknown as LatestQuery, query);
      const tell = () => {
        try {
          // Throws the query's own error, and so does the rule if the answer is not Tideline's.
          onLatest(watch.localQueryResult());
        } catch (error) {
          onError(setupError(functionName, error));
        }
      };
      // Another part of the app may have the answer already.
      tell();
      return watch.onUpdate(tell);
    },
    check: (query) => queryOnce(client.url, functionName, query),
  };
}
