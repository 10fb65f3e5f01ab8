import { describe, expect, test } from "vitest";
import type { Deployment } from "../ledger.js";
import { sampleDeployment } from "../sample-rows.js";
import { matchesFilter, recorderName, refusalReason } from "./deployment-words.js";

describe("recorderName()", () => {
  test.each([
    ["token", "Record token"],
    ["token:web/production", "Record token of web/production"],
    ["github:acme/shop", "GitHub Actions of acme/shop"],
    ["a credential of tomorrow", "a credential of tomorrow"],
  ])("%s is said as “%s”", (recordedBy, name) => {
    expect(recorderName(recordedBy)).toBe(name);
  });
});

describe("refusalReason()", () => {
  const cases: [Partial<Deployment>, string | null][] = [
    [{ status: "live" }, null],
    [{ status: "replaced" }, null],
    [{ status: "refused", refusal: "TARGET_HELD" }, "The target was held"],
    [{ status: "superseded", refusal: "SUPERSEDED" }, "Another deployment came first"],
    [
      { status: "refused", refusal: "ROLLBACK_NOT_ALLOWED" },
      "Its commit was live before, and going back was not asked for",
    ],
    [{ status: "refused" }, "Not taken"],
    [{ status: "superseded" }, "Not taken"],
  ];
  test.each(cases)("%o: %s", (parts, reason) => {
    expect(refusalReason(sampleDeployment(parts))).toBe(reason);
  });
});

describe("matchesFilter()", () => {
  const row = sampleDeployment({
    version: "2.14.0",
    gitTag: "release/Basket",
    gitCommit: "36b27092fbfb8e5fbb16a2b9dbb2b5c8b6d6dbb1",
    buildId: "c0f84962a5e35061",
    buildNumber: 205,
    notes: "Fixes the checkout",
    kind: "rollback",
    status: "refused",
    refusal: "TARGET_HELD",
    severity: "critical",
    recordedBy: "token:shop/production",
  });

  test.each([
    "",
    "   ",
    "2.14",
    "basket",
    "36b2709",
    "36B2709",
    "c0f8",
    "#205",
    "CHECKOUT",
    "rollback",
    "refused",
    "held",
    "critical",
    "shop/production",
    "rollback 2.14",
    " checkout  fixes ",
  ])("finds the row by “%s”", (filter) => {
    expect(matchesFilter(row, filter)).toBe(true);
  });

  test.each(["2.15", "rollback 2.15", "live", "undefined", "normal", "web"])(
    "does not find it by “%s”",
    (filter) => {
      expect(matchesFilter(row, filter)).toBe(false);
    },
  );

  test("an absent tag or note is not the word “undefined”", () => {
    expect(matchesFilter(sampleDeployment(), "undefined")).toBe(false);
    expect(matchesFilter(sampleDeployment(), "null")).toBe(false);
  });
});
