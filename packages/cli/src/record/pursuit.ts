import type { DeploymentRecord } from "@tideline/version";
import type { Ledger } from "../ledger/open-ledger.js";
import type { ProbeOptions } from "./probe-options.js";
import type { SendOptions } from "./send-deployment.js";
import type { Recorded } from "./served.js";

/** An announced build that is to be found and recorded. */
export interface Pursuit {
  readonly ledger: Ledger;
  readonly record: DeploymentRecord;
  readonly probe: ProbeOptions;
  readonly send: SendOptions;
  /** The target's epoch when it was announced. */
  readonly firstEpoch: number;
}

/** How far it came, also for whoever has to clean up after an error. */
export interface Progress {
  /** The last record that was taken. */
  taken: Recorded | null;
}
