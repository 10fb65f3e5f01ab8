import { type CheckResult, stateOf } from "./check.js";

const WORDS = { ok: "ok", warn: "warning", fail: "FAILED", skipped: "skipped" } as const;

/** Gives the report for people: what is wrong with what mends it, then what was not looked at. */
export function formatReport(results: readonly CheckResult[]): string {
  const lines = results.flatMap(({ check, found }) => {
    const state = stateOf(found);
    const head = `${WORDS[state].padEnd(8)} ${check.name}`;
    if (found.kind === "skipped") return [`${head}: ${found.why}`];
    if (found.findings.length === 0) return [`${head}: ${check.promise}`];
    return found.findings.flatMap(({ level, where, problem, fix }) => [
      `${WORDS[level].padEnd(8)} ${check.name}: ${where === null ? "" : `${where}: `}${problem}`,
      `         To mend it: ${fix}`,
    ]);
  });
  return [...lines, "", summaryOf(results)].join("\n");
}

/** Counts how the checks ended. */
export function summaryOf(results: readonly CheckResult[]): string {
  const count = (state: ReturnType<typeof stateOf>) =>
    results.filter(({ found }) => stateOf(found) === state).length;
  return `${count("ok")} ok, ${count("warn")} with warnings, ${count("fail")} failed, ${count("skipped")} skipped`;
}
