import { VARIABLES } from "./ledger.suite.js";
import type { LedgerClient } from "./ledger-client.js";

/** Runs with another value of a variable and puts the suite's own back. */
export async function withVariable(
  client: LedgerClient,
  name: string,
  value: string | null,
  run: () => Promise<void>,
): Promise<void> {
  await client.setVariable(name, value);
  try {
    await run();
  } finally {
    await client.setVariable(name, (VARIABLES as Readonly<Record<string, string>>)[name] ?? null);
  }
}
