import type { LatestDeployment } from "@tideline/version";
import type { DeploymentQuery } from "./source.js";

/**
 * Asks a Convex deployment for the latest deployment once, over plain HTTP.
 *
 * @param url The Convex deployment's address, for example `https://happy-otter-123.convex.cloud`.
 * @param functionName For example `deployments:watchLatestDeployment`.
 * @returns Undefined when the query failed. Rejects when there is no answer in 10 s.
 * @see https://docs.convex.dev/http-api
 */
export async function queryOnce(
  url: string,
  functionName: string,
  query: DeploymentQuery,
): Promise<LatestDeployment | null | undefined> {
  const response = await fetch(`${url}/api/query`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ path: functionName, args: query }),
    // Browsers of before 2022 have no such limit.
    signal: AbortSignal.timeout?.(10_000),
  });
  return (await response.json()).value;
}
