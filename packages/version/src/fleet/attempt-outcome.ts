import type { AttemptReport } from "./attempt.js";
import type { ReasonCode } from "./reasons.js";

/**
 * What a report means for the release's rollout.
 *
 * - `underway`: no outcome yet
 * - `committed`: it is well
 * - `failed`: the release is bad: its own bytes, or what is signed of them
 * - `declined`: the machine did not try, or not with the release's bytes: for a reason of its own, or
 *   as what it was served were others. Says nothing about the release
 */
export type AttemptOutcome = "underway" | "committed" | "failed" | "declined";

// Reasons that the release's own bytes or facts gave, wherever they are looked at. Not what one
// machine's surroundings give as well: a clock that is ahead (…_EXPIRED), a proxy that answers with a
// page of its own (…_MISMATCH), a state that was put back (DOWNGRADE). Of few canaries one failure
// stops a whole fleet; where it is the release after all, no machine gets through, and it waits.
const OF_THE_RELEASE: ReadonlySet<ReasonCode> = new Set<ReasonCode>([
  ...(["NOT_SIGNED", "SIGNATURE_INVALID", "KEYSET_INVALID"] as const),
  ...(["KEYSET_TOO_OLD", "MANIFEST_INVALID", "WRONG_SUBSYSTEM"] as const),
  ...(["WRONG_RELEASE", "SEQ_REUSED", "TAG_MOVED", "FREEZE", "REVOKED"] as const),
  ...(["ASSET_REPLACED", "ARCHIVE_INVALID"] as const),
  ...(["ARCHIVE_UNSAFE", "MEMBER_MISSING", "FORMAT_UNSUPPORTED"] as const),
  ...(["EXEC_FAILED", "EXEC_TIMED_OUT", "EXEC_WRONG_VERSION"] as const),
  // The same bytes failed here under another number.
  "DENIED",
]);

/** Says what a report means for its rollout. */
export function attemptOutcome({
  state,
  reason,
}: Pick<AttemptReport, "state" | "reason">): AttemptOutcome {
  switch (state) {
    case "downloading":
    case "soaking":
      return "underway";
    case "committed":
      return "committed";
    // Also a machine that went down while it was watched: a release may well be what took it down.
    case "rolled-back":
    case "needs-operator":
      return "failed";
    case "refused":
      return reason !== null && OF_THE_RELEASE.has(reason) ? "failed" : "declined";
    default:
      return state satisfies never;
  }
}
