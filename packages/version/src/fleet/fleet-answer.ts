/** What the ledger answers to those who publish and decide. */
import type { RolloutMode } from "./fleet-target.js";

/** Why a known caller's wish was not done. */
export type FleetRefusalCode =
  /** The release's `seq` is not above the newest one of the subsystem in the channel. */
  | "SEQ_NOT_NEWER"
  /** The same `seq` was published in the channel with other bytes. */
  | "SEQ_TAKEN"
  /** The release that is reverted to was never published in the channel. */
  | "REVERTS_UNKNOWN"
  /** What calls itself a revert points at other binaries than the release that it goes back to. */
  | "REVERTS_OTHER_BYTES"
  /** The manifest's `expiresAt` has passed, so that no machine would take it. */
  | "MANIFEST_EXPIRED"
  /** There is no such release, or no rollout of it. */
  | "NOT_FOUND"
  /** It was decided, completed or superseded already. */
  | "NOT_POSSIBLE_NOW";

/** What `publishRelease`, `decideApproval` and `changeRollout` answer. */
export type FleetAnswer =
  | {
      readonly ok: true;
      readonly mode: RolloutMode | "rejected" | "superseded";
      /** The target's, after the change. */
      readonly generation: number;
    }
  | { readonly ok: false; readonly code: FleetRefusalCode; readonly message: string };
