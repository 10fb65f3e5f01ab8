import { describe, expect, test } from "vitest";
import { chooseBuild } from "./choose-build.js";
import type { HistoryRow } from "./history.js";

/**
 * The history that a text says, newest first: "a" a deploy of build a, "a<" a rollback to it,
 * "a=" a redeploy.
 */
const historyOf = (text: string): HistoryRow[] =>
  text.split(" ").map((word, index, { length }) => {
    const letter = word.charAt(0);
    return {
      appName: "web",
      environment: "production",
      version: `1.0.${letter}`,
      gitCommit: letter.repeat(40).replaceAll(/[g-z]/g, "9"),
      buildNumber: 1,
      buildTime: 1,
      deployedAt: length - index,
      gitTag: `v1.0.${letter}`,
      buildId: `build-${letter}`,
      epoch: length - index,
      kind: word.endsWith("<") ? "rollback" : word.endsWith("=") ? "redeploy" : "deploy",
      status: index === 0 ? "live" : "replaced",
    };
  });
const target = { appName: "web", environment: "production" };
const choose = (history: string, to: string | null = null) =>
  chooseBuild(historyOf(history), to, target).chosen.buildId.at(-1);

describe("without --to it is the newest earlier build that differs", () => {
  test.each([
    ["b a", "a"],
    ["c b a", "b"],
    ["b= b a", "a"],
    ["b b a", "a"],
    // A revert is an ordinary deployment: back from it is to what it reverted.
    ["a b a", "b"],
    // From a rollback it is further back, not forward to what was left.
    ["b< c b a", "a"],
    ["b= b< c b a", "a"],
    ["a< b< c b a e", "e"],
    ["b< d c b b= a", "a"],
    ["b< c d b< c b a", "a"],
  ])("%s -> %s", (history, chosen) => {
    expect(choose(history)).toBe(chosen);
  });

  test.each([["a"], ["a= a"], ["a< b a"], ["a< b"]])("of %s there is none", (history) => {
    expect(() => choose(history)).toThrow(
      "Cannot roll back web in production: expected an earlier build in its history, got none before 1.0.a (aaaaaaaaaaaa)",
    );
  });
});

describe("--to names", () => {
  test.each([
    ["a build id", "build-a", "a"],
    ["a tag", "v1.0.b", "b"],
    ["a version", "1.0.a", "a"],
    ["a version as its release tag", "release/v1.0.a", "a"],
    ["a commit", "a".repeat(40), "a"],
    ["a short commit, in any case", "BBBBBBB", "b"],
    ["the live build itself", "1.0.c", "c"],
  ])("%s", (_, to, chosen) => {
    expect(choose("c b a", to)).toBe(chosen);
  });

  test("of several deployments the newest", () => {
    const [first, second, third] = historyOf("c a a");
    const history = [first, { ...second, version: "2" }, third] as HistoryRow[];
    expect(chooseBuild(history, "build-a", target).chosen.version).toBe("2");
  });

  test("nothing that was live: what there is, is said", () => {
    expect(() => choose("b a", "v9")).toThrow(
      'Cannot roll back web in production: expected a tag, version, commit or build id that was live (such as 1.0.b (bbbbbbbbbbbb), 1.0.a (aaaaaaaaaaaa)), got "v9"',
    );
  });

  test("a short commit that several begin with", () => {
    const history = historyOf("b a").map((row, index) => ({
      ...row,
      gitCommit: `abcdef0${String(index).repeat(33)}`,
    }));
    expect(() => chooseBuild(history, "abcdef0", target)).toThrow(
      'expected one commit, "abcdef0" begins those of abcdef000000, abcdef011111',
    );
  });
});

test("where nothing was recorded there is nothing to go back from", () => {
  expect(() => chooseBuild([], null, target)).toThrow("nothing was ever recorded for it");
});
