import { expect, test } from "vitest";
import type { ReportedState } from "./attempt.js";
import { attemptOutcome } from "./attempt-outcome.js";
import type { ReasonCode } from "./reasons.js";

test.each<[ReportedState, ReasonCode | null, string]>([
  ["downloading", null, "underway"],
  ["soaking", null, "underway"],
  ["committed", null, "committed"],
  ["rolled-back", "NOT_READY", "failed"],
  ["rolled-back", "INTERRUPTED", "failed"],
  ["needs-operator", "ROLLBACK_FAILED", "failed"],
  ["refused", "EXEC_FAILED", "failed"],
  ["refused", "ARCHIVE_INVALID", "failed"],
  ["refused", "SIGNATURE_INVALID", "failed"],
  ["refused", "DENIED", "failed"],
  ["refused", "PINNED", "declined"],
  ["refused", "HELD_HERE", "declined"],
  ["refused", "REJECTED", "declined"],
  ["refused", "DISK_FULL", "declined"],
  ["refused", "HOST_UNREACHABLE", "declined"],
  ["refused", "DRIFTED", "declined"],
  ["refused", "CLOCK_BEHIND", "declined"],
  ["refused", "NO_ARTIFACT", "declined"],
  ["refused", "MANIFEST_EXPIRED", "declined"],
  ["refused", "KEYSET_EXPIRED", "declined"],
  ["refused", "SIZE_MISMATCH", "declined"],
  ["refused", "CHECKSUM_MISMATCH", "declined"],
  ["refused", "DOWNGRADE", "declined"],
  ["refused", null, "declined"],
])("%s with %s is %s", (state, reason, outcome) => {
  expect(attemptOutcome({ state, reason })).toBe(outcome);
});
