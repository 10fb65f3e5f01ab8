import { expect, test } from "vitest";
import { sampleDeployment } from "../sample-rows.js";
import { bendSegments, MAX_LANES, returnsTo, wentBackFrom } from "./rollback-bends.js";

/**
 * A history in a line, newest first: a letter is the build (and the commit, where no other is
 * given), "<" before it a rollback to it, "!" before it a record that was not taken.
 */
function history(line: string) {
  return line.split(" ").map((word, index) => {
    const build = word.replace(/[<!]/g, "");
    return sampleDeployment({
      version: `${index}`,
      buildId: build,
      gitCommit: build,
      kind: word.includes("<") ? "rollback" : "deploy",
      status: word.includes("!") ? "refused" : "replaced",
    });
  });
}

/** What the rows draw, as one word a row: "leaves0", "passes0+leaves1", "-". */
function drawing(line: string): string[] {
  return bendSegments(history(line)).map(
    (segments) => segments.map(({ lane, part }) => `${part}${lane}`).join("+") || "-",
  );
}

test.each([
  { name: "no rollback", line: "b a", rows: ["-", "-"] },
  { name: "nothing at all", line: "a", rows: ["-"] },
  { name: "back by one", line: "<a b a", rows: ["leaves0", "passes0", "returns0"] },
  {
    name: "a deployment after it",
    line: "c <a b a",
    rows: ["-", "leaves0", "passes0", "returns0"],
  },
  { name: "to a row that is not loaded", line: "<a c b", rows: ["leaves0", "passes0", "passes0"] },
  { name: "a rollback that was refused", line: "!<a b a", rows: ["-", "-", "-"] },
  {
    name: "past a refused record of the same build",
    line: "<a b !a a",
    rows: ["leaves0", "passes0", "passes0", "returns0"],
  },
  {
    name: "to the newest of two rows with its build",
    line: "<a b a a",
    rows: ["leaves0", "passes0", "returns0", "-"],
  },
  {
    name: "two that overlap take two lanes",
    line: "<b <a b a",
    rows: ["leaves0", "passes0+leaves1", "returns0+passes1", "returns1"],
  },
  {
    name: "one that ends where another begins",
    line: "<a b <a b a",
    rows: ["leaves0", "passes0", "returns0+leaves0", "passes0", "returns0"],
  },
  {
    name: "a short one inside a long one is nearer to the trunk",
    line: "<a d <b c b a",
    rows: [
      "leaves1",
      "passes1",
      "leaves0+passes1",
      "passes0+passes1",
      "returns0+passes1",
      "returns1",
    ],
  },
])("bends: $name", ({ line, rows }) => {
  expect(drawing(line)).toEqual(rows);
});

test("more rollbacks inside one another than there are lanes share the outermost", () => {
  const lanes = bendSegments(history("<a <b <c <d e d c b a"))
    .flat()
    .map(({ lane }) => lane);
  expect(Math.max(...lanes)).toBe(MAX_LANES - 1);
});

test("a rollback returns to its commit where its build was made anew", () => {
  const rows = [
    sampleDeployment({ kind: "rollback", buildId: "a2", gitCommit: "commit-a" }),
    sampleDeployment({ buildId: "b", gitCommit: "commit-b" }),
    sampleDeployment({ buildId: "a1", gitCommit: "commit-a" }),
  ];
  expect(returnsTo(rows, 0)).toBe(2);
});

test.each([
  { name: "a rollback", line: "<a b a", from: "1" },
  { name: "past what was refused", line: "<a !c b a", from: "2" },
  { name: "a deployment", line: "b a", from: undefined },
  { name: "a rollback that was refused", line: "!<a b a", from: undefined },
  { name: "a rollback whose past is not loaded", line: "<a", from: undefined },
])("what was gone back from: $name", ({ line, from }) => {
  const rows = history(line);
  const [first = sampleDeployment()] = rows;
  expect(wentBackFrom(rows, first)?.version).toBe(from);
});
