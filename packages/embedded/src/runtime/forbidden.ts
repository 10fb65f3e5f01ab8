import { currentExecution } from "./execution.js";

/**
 * Refuses what queries and mutations must not do, so that code that works here works in the cloud.
 * Does nothing in an action.
 *
 * @throws {Error} With the sentence that the cloud gives.
 */
export function forbidInTransactions(thing: string): void {
  const kind = currentExecution()?.kind;
  if (kind === "query" || kind === "mutation") {
    throw new Error(
      `Can't use ${thing} in queries and mutations. Please consider using an action. See https://docs.convex.dev/functions/actions for more details.`,
    );
  }
  if (kind === "load") {
    throw new Error(`Can't use ${thing} while a module is loaded. Please move it into an action.`);
  }
}
