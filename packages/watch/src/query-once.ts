import type { LatestDeployment } from "@tideline/version";
import type { DeploymentQuery } from "./source.js";

/**
 * Asks a Convex deployment for the latest deployment once, over plain HTTP.
 *
 * Rejects when there is no answer or the query failed. Gives up after 10 s.
 *
 * @param url The Convex deployment's address, for example `https://happy-otter-123.convex.cloud`.
 * @param functionName For example `deployments:watchLatestDeployment`.
 * @see https://docs.convex.dev/http-api
 */
export async function queryOnce(
  url: string,
  functionName: string,
  query: DeploymentQuery,
): Promise<LatestDeployment | null> {
  const response = await fetch(`${url}/api/query`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ path: functionName, args: query, format: "json" }),
    signal: AbortSignal.timeout(10_000),
  });
  const answer = await response.json();
  if (answer.status !== "success") throw new Error(answer.errorMessage);
  return answer.value;
}
