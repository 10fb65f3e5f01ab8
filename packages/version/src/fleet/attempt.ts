/** What a machine says of its try to install one release. */
import type { ReasonCode } from "./reasons.js";

/**
 * ```text
 * idle -> planned -> downloading -> verified -> staged -> exec-tested -> locked -> swapped
 *   -> restarting -> gating -> soaking -> committed
 * locked … soaking -> rolling-back -> rolled-back      the new one is not well; the old one runs again
 *                  -> needs-operator                   the old one does not come back either
 * planned … exec-tested -> refused                     nothing live was touched
 * ```
 */
export type AttemptState =
  | "planned"
  | "downloading"
  | "verified"
  | "staged"
  | "exec-tested"
  | "locked"
  | "swapped"
  | "restarting"
  | "gating"
  | "soaking"
  | "committed"
  | "rolling-back"
  | "rolled-back"
  | "refused"
  | "needs-operator";

/** The states that are told to the ledger; the others stay in the machine's journal. */
export type ReportedState =
  | "downloading"
  | "soaking"
  | "committed"
  | "rolled-back"
  | "refused"
  | "needs-operator";

/** One report. Repeating it changes nothing: (machine, subsystem, seq, state) is its identity. */
export interface AttemptReport {
  /**
   * The machine's channel when it was made: another one may have other bytes under the same `seq`.
   * Absent: the one in which the machine is when the ledger takes it.
   */
  readonly channel?: string;
  readonly subsystem: string;
  readonly seq: number;
  readonly version: string;
  /** The target's generation that it acted on. */
  readonly generation: number;
  readonly state: ReportedState;
  /** Why, where the state is a refusal or a rollback; null otherwise. */
  readonly reason: ReasonCode | null;
  /** One sentence for people; at most 1,000 characters. */
  readonly detail: string | null;
  /** sha256 of the binary that lies at the live path now, or null if there is none. */
  readonly runningSha256: string | null;
  /** ms since epoch, by the machine's clock; for people only. */
  readonly at: number;
}
