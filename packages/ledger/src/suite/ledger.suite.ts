import { afterAll, beforeAll, describe } from "vitest";
import { accessSuite } from "./access.suite.js";
import { argumentsSuite } from "./arguments.suite.js";
import { fleetAccessSuite } from "./fleet-access.suite.js";
import {
  FLEET_ENROL_TOKEN,
  FLEET_READ_TOKEN,
  FLEET_TOKEN,
  FLEET_VIEW_TOKEN,
  QUICK_POLICY,
} from "./fleet-rig.js";
import { historySuite } from "./history.suite.js";
import { idempotencySuite } from "./idempotency.suite.js";
import { inputsSuite } from "./inputs.suite.js";
import type { LedgerClient } from "./ledger-client.js";
import { machinesSuite } from "./machines.suite.js";
import { pendingSuite } from "./pending.suite.js";
import { publishingSuite } from "./publishing.suite.js";
import { recordingSuite } from "./recording.suite.js";
import { TOKEN } from "./rig.js";
import { rolloutsSuite } from "./rollouts.suite.js";
import { watchingSuite } from "./watching.suite.js";
import { webhooksSuite } from "./webhooks.suite.js";

/** What the suite sets; a test that changes one puts it back. */
export const VARIABLES = {
  TIDELINE_RECORD_TOKEN: TOKEN,
  TIDELINE_FLEET_TOKEN: FLEET_TOKEN,
  TIDELINE_FLEET_READ_TOKEN: FLEET_READ_TOKEN,
  TIDELINE_FLEET_VIEW_TOKEN: FLEET_VIEW_TOKEN,
  TIDELINE_FLEET_ENROL_TOKEN: FLEET_ENROL_TOKEN,
  TIDELINE_FLEET_COUNT_MS: "200",
  TIDELINE_ROLLOUT_POLICY: JSON.stringify(QUICK_POLICY),
} as const;

/**
 * The ledger's tests, the same on whatever runs its functions.
 *
 * @param makeClient Called once; the suite sets and removes the deployment's TIDELINE_ variables.
 */
export function describeLedger(
  where: string,
  makeClient: () => Promise<LedgerClient>,
  { canWatch, canFetch = false }: { readonly canWatch: boolean; readonly canFetch?: boolean },
): void {
  describe(`the ledger on ${where}`, () => {
    let client: LedgerClient | undefined;
    const getClient = (): LedgerClient => {
      if (client === undefined) throw new Error("Cannot run a test: no client was made");
      return client;
    };
    beforeAll(async () => {
      client = await makeClient();
      for (const [name, value] of Object.entries(VARIABLES)) await client.setVariable(name, value);
    });
    afterAll(() => client?.close());

    recordingSuite(getClient);
    idempotencySuite(getClient);
    pendingSuite(getClient);
    accessSuite(getClient);
    argumentsSuite(getClient);
    historySuite(getClient);
    inputsSuite(getClient);
    if (canWatch) watchingSuite(getClient);

    fleetAccessSuite(getClient);
    publishingSuite(getClient);
    machinesSuite(getClient);
    rolloutsSuite(getClient);
    if (canFetch) webhooksSuite(getClient);
  });
}
