/** A running deployment, through the official clients and the admin's HTTP API. */
import { ConvexClient, ConvexHttpClient } from "convex/browser";
import { makeFunctionReference } from "convex/server";
import type { LedgerClient } from "../../../ledger/src/suite/ledger-client.js";

/**
 * Connects to a deployment that has the ledger's functions under `deployments:`.
 *
 * @param adminKey For its variables only; functions are called as anybody calls them.
 */
export function officialClient(url: string, adminKey: string): LedgerClient {
  const http = new ConvexHttpClient(url, { logger: false });
  const watching = new ConvexClient(url, { logger: false });
  return {
    query: (path, args) => http.query(makeFunctionReference<"query">(path), args),
    // Not one after the other: what happens at the same moment is part of the suite.
    mutation: (path, args) =>
      http.mutation(makeFunctionReference<"mutation">(path), args, { skipQueue: true }),
    async setVariable(name, value) {
      const response = await fetch(`${url}/api/update_environment_variables`, {
        method: "POST",
        headers: { "Content-Type": "application/json", Authorization: `Convex ${adminKey}` },
        body: JSON.stringify({ changes: [{ name, value }] }),
      });
      if (!response.ok) {
        throw new Error(
          `Cannot set ${name}: expected status 200, got ${response.status} ${await response.text()}`,
        );
      }
    },
    // A server has its own clock, so its time has to pass; what it scheduled needs a moment more.
    advance: (ms) => new Promise((resolve) => setTimeout(resolve, ms + (ms >= 100 ? 600 : 0))),
    watch: (path, args, onAnswer) =>
      watching.onUpdate(makeFunctionReference<"query">(path), args, onAnswer),
    close: () => watching.close(),
  };
}
