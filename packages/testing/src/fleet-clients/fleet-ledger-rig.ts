/** The fleet's ledger on the embedded server, for tests with many clients. */
import { LEDGER_TOKEN, LedgerRig } from "@tideline/testing/ledger-rig";
import {
  FLEET_ENROL_TOKEN,
  FLEET_READ_TOKEN,
  FLEET_TOKEN,
  FLEET_VIEW_TOKEN,
  QUICK_POLICY,
} from "../../../ledger/src/suite/fleet-rig.js";
import type { LedgerClient } from "../../../ledger/src/suite/ledger-client.js";
import { officialClient } from "../ledger/official-client.js";

/** A server that can be stopped and started on its port, and a client of it. */
export interface FleetLedgerRig {
  readonly url: string;
  readonly client: LedgerClient;
  stop(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

/** Starts it with the suite's tokens, the quick policy and 200 ms of collecting reports. */
export async function startFleetLedger(
  settings: Readonly<Record<string, string>> = {},
): Promise<FleetLedgerRig> {
  const rig = await LedgerRig.create({
    TIDELINE_RECORD_TOKEN: LEDGER_TOKEN,
    TIDELINE_FLEET_TOKEN: FLEET_TOKEN,
    TIDELINE_FLEET_READ_TOKEN: FLEET_READ_TOKEN,
    TIDELINE_FLEET_VIEW_TOKEN: FLEET_VIEW_TOKEN,
    TIDELINE_FLEET_ENROL_TOKEN: FLEET_ENROL_TOKEN,
    TIDELINE_ROLLOUT_POLICY: JSON.stringify(QUICK_POLICY),
    TIDELINE_FLEET_COUNT_MS: "200",
    ...settings,
  });
  // Its variables are set by the rig, so that no admin key is needed.
  const client = officialClient(rig.url, "");
  return {
    url: rig.url,
    client,
    stop: () => rig.stop(),
    start: () => rig.start(),
    async close() {
      await client.close();
      await rig.dispose();
    },
  };
}
