import { describe, expect, test } from "vitest";
import type { Facts } from "./classify.js";
import { classify } from "./classify.js";

const LIVE = { buildId: "b", version: "1.1.0", gitCommit: "b".repeat(40) };
const FACTS: Facts = {
  targetName: "web/production",
  live: LIVE,
  epoch: 4,
  holdReason: null,
  build: { buildId: "c", version: "1.2.0", gitCommit: "c".repeat(40) },
  commitWas: "never-live",
  buildWasLive: false,
  allowRollback: false,
  asOfEpoch: null,
};

describe("classify()", () => {
  test.each<[string, Partial<Facts>, string, string | null]>([
    ["the first record", { live: null, epoch: 0 }, "deploy", null],
    ["a new commit and build", {}, "deploy", null],
    ["a new commit with an older build", { buildWasLive: true }, "deploy", null],
    ["the same, rollback allowed", { buildWasLive: true, allowRollback: true }, "deploy", null],
    ["the live commit built anew", { commitWas: "live-now" }, "deploy", null],
    [
      "an older build of the live commit",
      { commitWas: "live-now", buildWasLive: true },
      "deploy",
      null,
    ],
    [
      "the same, rollback allowed",
      { commitWas: "live-now", buildWasLive: true, allowRollback: true },
      "rollback",
      null,
    ],
    ["an unnamed commit", { commitWas: "unnamed", buildWasLive: true }, "deploy", null],
    ["an older commit", { commitWas: "live-before" }, "rollback", "ROLLBACK_NOT_ALLOWED"],
    [
      "an older commit, allowed",
      { commitWas: "live-before", allowRollback: true },
      "rollback",
      null,
    ],
    ["the live build", { build: LIVE, commitWas: "live-now" }, "redeploy", null],
    [
      "the live build of an older commit",
      { build: LIVE, commitWas: "live-before" },
      "redeploy",
      null,
    ],
    ["anything on a held target", { holdReason: "incident" }, "deploy", "TARGET_HELD"],
    [
      "the live build on a held target",
      { build: LIVE, holdReason: "x" },
      "redeploy",
      "TARGET_HELD",
    ],
    ["what looked at this epoch", { asOfEpoch: 4 }, "deploy", null],
    ["what looked before", { asOfEpoch: 3 }, "deploy", "SUPERSEDED"],
    ["the live build, looked at before", { build: LIVE, asOfEpoch: 3 }, "redeploy", null],
    [
      "an older commit that also looked before",
      { commitWas: "live-before", asOfEpoch: 3 },
      "rollback",
      "SUPERSEDED",
    ],
  ])("%s", (_, facts, kind, code) => {
    const answer = classify({ ...FACTS, ...facts });
    expect([answer.kind, answer.refusal?.code ?? null]).toEqual([kind, code]);
  });

  test("a refused rollback names both versions and the way to go back on purpose", () => {
    expect(classify({ ...FACTS, commitWas: "live-before" }).refusal?.message).toBe(
      'Cannot record "1.2.0" (cccccccccccc) on web/production: that commit was live before ' +
        '"1.1.0" (bbbbbbbbbbbb), which is live now; to go back on purpose, record it with allowRollback',
    );
  });

  test("a superseded record is told both epochs", () => {
    expect(classify({ ...FACTS, asOfEpoch: 3 }).refusal?.message).toContain(
      'expected epoch 3, the target is at 4 with "1.1.0" (bbbbbbbbbbbb)',
    );
  });
});
