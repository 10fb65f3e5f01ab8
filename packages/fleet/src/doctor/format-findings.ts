import type { Finding } from "./finding.js";

const MARKS: Readonly<Record<Finding["level"], string>> = {
  ok: "✓",
  warning: "!",
  failed: "✗",
  skipped: "-",
};

/** Gives the findings for people: a line each, and below it what mends it. */
export function formatFindings(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ check }) => check.length));
  const lines = findings.flatMap(({ check, level, message, fix }) => [
    `${MARKS[level]} ${check.padEnd(width)}  ${message}`,
    ...(fix === null ? [] : [`  ${" ".repeat(width)}  ${fix}`]),
  ]);
  const count = (wanted: Finding["level"]) =>
    findings.filter(({ level }) => level === wanted).length;
  const total = `${count("ok")} well, ${count("warning")} warnings, ${count("failed")} failed`;
  return [...lines, "", total].join("\n");
}
