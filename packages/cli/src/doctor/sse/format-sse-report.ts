import { type CheckResult, stateOf } from "../check.js";
import { summaryOf } from "../format-report.js";

const MARKS = { fail: "✗", warn: "!" } as const;

/** Gives the report for people: a ✓ for each check, or the sentence that mends what is wrong. */
export function formatSseReport(results: readonly CheckResult[]): string {
  const lines = results.flatMap(({ check: { name, promise }, found }) => {
    if (found.kind === "skipped") return [`- ${name}: skipped: ${found.why}`];
    if (stateOf(found) === "ok") {
      const [said = "", ...more] = (found.said ?? promise).split("\n");
      return [`✓ ${name}: ${said}`, ...more.map((line) => `    ${line}`)];
    }
    return found.findings.flatMap(({ level, where, problem, fix }) => [
      `${MARKS[level]} ${name}: ${where === null ? "" : `${where}: `}${problem}`,
      `    To mend it: ${fix}`,
    ]);
  });
  return [...lines, "", summaryOf(results)].join("\n");
}
