/** What a machine tells the ledger, and how it signs it. */
import type { AttemptReport } from "./attempt.js";

/**
 * The arguments of a mutation that only the machine itself can make.
 *
 * `counter` grows with every call. The very same call again, as after a lost answer, is answered
 * as the first was.
 */
export interface SignedCall {
  readonly machineId: string;
  /** A whole number; a lower one than the ledger has seen is refused. */
  readonly counter: number;
  /** A {@link MachineMessage} as JSON. */
  readonly body: string;
  /** Ed25519 over {@link signedCallText} in UTF-8, in base64. */
  readonly signature: string;
}

/** What a body says. */
export type MachineMessage = ReportsMessage | PresenceMessage;

/** For `reportAttempts`; at most 100 at a time, oldest first. */
export interface ReportsMessage {
  readonly kind: "reports";
  readonly reports: readonly AttemptReport[];
}

/** For `reportPresence`: on connect, and at most once a day. */
export interface PresenceMessage {
  readonly kind: "presence";
  /** Version of `tideline-sync`. */
  readonly syncVersion: string;
  /** Each subsystem that the machine has, at most 100. */
  readonly running: readonly RunningBinary[];
}

/** What lies at a subsystem's live path. */
export interface RunningBinary {
  readonly subsystem: string;
  /** From `.version`; null if there is none or it is not the binary's, as `seq`. */
  readonly version: string | null;
  readonly seq: number | null;
  /** 64 hex digits; null if there is no binary. */
  readonly sha256: string | null;
}

/** What the ledger answers to either. A refusal is final: the same call will not be taken later. */
export type MachineAnswer =
  | { readonly ok: true }
  | {
      readonly ok: false;
      /** `COUNTER_TOO_LOW`: sign it again with `counter` above the one in the answer. */
      readonly code: "COUNTER_TOO_LOW" | "TOO_MANY_REPORTS";
      readonly message: string;
      /** The highest counter that was taken from this machine. */
      readonly counter: number;
    };

/** Gives the text that the signature of a {@link SignedCall} covers. */
export function signedCallText(call: Omit<SignedCall, "signature">): string {
  // A line break can be in none of the first two, so that no two calls have the same text.
  return `tideline-fleet\n${call.machineId}\n${call.counter}\n${call.body}`;
}
