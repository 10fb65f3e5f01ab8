import type { FleetInstall, ReasonCode, ReportedState } from "@tideline/version/fleet";
import { expect, test } from "vitest";
import { installState } from "./install-state.js";
import { sampleInstall } from "./sample-fleet.js";

const tried = (state: ReportedState, reason: ReasonCode | null = null, seq = 7) => ({
  attempt: { seq, version: "2.10.25", state, reason, detail: null, at: 0 },
});

test.each<[word: string, group: string, parts: Partial<FleetInstall>]>([
  ["Runs", "well", {}],
  ["Unknown", "unknown", { version: null, seq: null, sha256: null }],
  ["Well", "well", tried("committed")],
  ["Downloading", "updating", tried("downloading")],
  ["Being watched", "updating", tried("soaking")],
  ["Rolled back", "failed", tried("rolled-back", "NOT_READY")],
  ["Needs somebody", "failed", tried("needs-operator", "ROLLBACK_FAILED")],
  // The release's own fault, and a machine that has a reason of its own.
  ["Refused", "failed", tried("refused", "ARCHIVE_INVALID")],
  ["Held back", "held-back", tried("refused", "PINNED")],
  ["Other bytes", "outlier", { isOutlier: true }],
  ["Other bytes", "outlier", { isOutlier: true, ...tried("rolled-back", "NOT_READY") }],
  // What runs is newer than what was tried last.
  ["Runs", "well", { seq: 8, ...tried("rolled-back", "NOT_READY") }],
  ["Rolled back", "failed", { seq: 6, ...tried("rolled-back", "NOT_READY") }],
])("“%s” (%s): %o", (word, group, parts) => {
  expect(installState(sampleInstall(parts))).toMatchObject({ word, group });
});
