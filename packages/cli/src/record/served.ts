import type { BuildStamp, DeploymentRecord, RecordAnswer } from "@tideline/version";
import type { Observation } from "./observe.js";

/** What came of a deployment that was looked at. */
export type Served = Recorded | Refused | Overtaken;

/** What is served is recorded. */
export interface Recorded {
  readonly kind: "recorded";
  readonly answer: RecordAnswer & { readonly ok: true };
  /** The build that is served; another than the wanted one if that was overtaken. */
  readonly record: DeploymentRecord;
  readonly isWanted: boolean;
  /** The epoch at which the wanted build was recorded, or null if it was not. */
  readonly wantedEpoch: number | null;
  readonly observations: readonly Observation[];
}

/** The ledger did not take it. */
export interface Refused {
  readonly kind: "refused";
  readonly answer: RecordAnswer & { readonly ok: false };
  readonly observations: readonly Observation[];
}

/** Another deployer's build is served, and recorded already. */
export interface Overtaken {
  readonly kind: "overtaken";
  readonly stamp: BuildStamp;
  readonly epoch: number;
  /** As of {@link Recorded}. */
  readonly wantedEpoch: number | null;
  readonly observations: readonly Observation[];
}
