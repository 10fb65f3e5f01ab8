import { expect, test } from "vitest";
import { groupsOf, matchesText, parseGroup } from "./machine-filter.js";
import { platformText } from "./platform-text.js";
import { sampleInstall, sampleMachine } from "./sample-fleet.js";

const WELL = sampleInstall();
const OUTLIER = sampleInstall({ subsystem: "arc", isOutlier: true });
const FAILED = sampleInstall({
  subsystem: "telegraf",
  attempt: {
    ...{ seq: 9, version: "1.33.0", state: "rolled-back", reason: "NOT_READY" },
    ...{ detail: "Connection refused on port 8094", at: 0 },
  },
});

test.each([
  ["one that never said what it runs is silent", [], ["silent"]],
  ["one on which all is well is well", [WELL], ["well"]],
  ["one failure is enough not to be well", [WELL, FAILED], ["failed"]],
  ["it belongs to each group of which it has something", [FAILED, OUTLIER], ["failed", "outlier"]],
])("%s", (_, subsystems, groups) => {
  expect([...groupsOf(sampleMachine({ subsystems }))]).toEqual(groups);
});

test.each([
  ["failed", "failed"],
  ["held-back", "held-back"],
  ["", null],
  ["nonsense", null],
])("the address' %j is %j", (text, group) => {
  expect(parseGroup(text)).toBe(group);
});

const MACHINE = sampleMachine({ name: "Werkstatt-12", subsystems: [WELL, FAILED] });

test.each([
  ...["", "  ", "werkstatt", "nats", "2.10.24", "#6", "a1a1a1", "linux x64", "stable"],
  ...["rolled back", "not_ready", "not ready", "1.33.0 #9", "port 8094", "telegraf WERKSTATT"],
])("a machine is found by “%s”", (filter) => {
  expect(matchesText(MACHINE, filter)).toBe(true);
});

test.each(["werkstatt-13", "windows", "telegraf musl", "null", "undefined"])(
  "and not by “%s”",
  (filter) => {
    expect(matchesText(MACHINE, filter)).toBe(false);
  },
);

test.each([
  ["linux-x64-glibc", "Linux x64"],
  ["linux-arm64-musl", "Linux arm64, musl"],
  ["darwin-arm64", "macOS arm64"],
  ["windows-x64", "Windows x64"],
] as const)("%s is said as “%s”", (platform, text) => {
  expect(platformText(platform)).toBe(text);
});
