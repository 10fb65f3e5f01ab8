import type { SystemTransaction } from "../data/embedded-database.js";
import type { Engine } from "./engine.js";

/**
 * Lets the server change its own rows in one transaction, for which nobody waits outside.
 *
 * @param change Run again if the database begins anew.
 * @returns What the last run of it gave, when its writes are on disk.
 */
export async function changeRows<Result>(
  { database }: Engine,
  change: (transaction: SystemTransaction) => Result | Promise<Result>,
): Promise<Result> {
  let results: readonly Result[] = [];
  await database.mutate({}, async (transaction) => {
    results = [await change(transaction)];
    return { value: "null", logLines: [] };
  });
  return results[0] as Result;
}
