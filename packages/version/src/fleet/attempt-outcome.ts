import type { AttemptReport } from "./attempt.js";
import type { ReasonCode } from "./reasons.js";

/**
 * What a report means for the release's rollout.
 *
 * - `underway`: no outcome yet
 * - `committed`: it is well
 * - `failed`: the release is bad, or what is served as the release is
 * - `declined`: the machine did not try, for a reason of its own; says nothing about the release
 */
export type AttemptOutcome = "underway" | "committed" | "failed" | "declined";

// Reasons that the release's own bytes or facts gave. With these on many machines, it is the release.
const OF_THE_RELEASE: ReadonlySet<ReasonCode> = new Set<ReasonCode>([
  ...(["NOT_SIGNED", "SIGNATURE_INVALID", "KEYSET_INVALID", "KEYSET_EXPIRED"] as const),
  ...(["KEYSET_TOO_OLD", "MANIFEST_INVALID", "MANIFEST_EXPIRED", "WRONG_SUBSYSTEM"] as const),
  ...(["WRONG_RELEASE", "SEQ_REUSED", "TAG_MOVED", "DOWNGRADE", "FREEZE", "REVOKED"] as const),
  ...(["SIZE_MISMATCH", "CHECKSUM_MISMATCH", "ASSET_REPLACED", "ARCHIVE_INVALID"] as const),
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
