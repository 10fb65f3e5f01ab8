import { shortCommit } from "@tideline/version";
import type { Plan, PlanEntry } from "./plan.js";

/** What only some clones know: the paths in which a service differs from what is live. */
export type ChangedPaths = ReadonlyMap<string, readonly string[]>;

const SHOWN_PATHS = 3;
const COLUMNS = ["service", "current", "next", "action", "reason", "tags"] as const;

/** Gives a plan as a table for people. */
export function planText(plan: Plan, changed: ChangedPaths): string {
  const rows = planRows(plan, changed);
  const table = [COLUMNS, ...rows];
  const widths = COLUMNS.map((_, column) =>
    Math.max(...table.map((row) => row[column]?.length ?? 0)),
  );
  const lines = table.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  return [planTitle(plan), "", ...lines, ...notes(plan).flatMap((note) => ["", note])].join("\n");
}

/** Gives a plan in Markdown, for the summary of a CI job. */
export function planSummary(plan: Plan, changed: ChangedPaths): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const rows = planRows(plan, changed).map((cells) => line(cells.map(plain)));
  const head = [line(COLUMNS), line(COLUMNS.map(() => "---"))];
  const paragraphs = notes(plan).flatMap((note) => ["", plain(note)]);
  return `### ${plain(planTitle(plan))}\n\n${[...head, ...rows, ...paragraphs].join("\n")}\n\n`;
}

function planTitle({ environment, commit, version }: Plan): string {
  const from = commit === null ? "uncommitted changes" : shortCommit(commit);
  return `Plan for ${environment}: ${version}, from ${from}`;
}

function planRows({ entries }: Plan, changed: ChangedPaths): string[][] {
  return entries.map((entry) => [
    entry.service,
    visible(entry.current ?? "-"),
    visible(entry.next),
    entry.action,
    visible(`${entry.reason}${pathsOf(entry, changed)}`),
    entry.tags.join(" ") || "-",
  ]);
}

function pathsOf({ service, action }: PlanEntry, changed: ChangedPaths): string {
  const paths = changed.get(service);
  if (paths === undefined || action === "skip" || action === "reuse") return "";
  if (paths.length === 0) return " (no file: its variables, its globs or the salt are others)";
  const more = paths.length - SHOWN_PATHS;
  return `: ${paths.slice(0, SHOWN_PATHS).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

function notes({ entries, bump, version, environment }: Plan): string[] {
  const held = entries
    .filter(({ hold }) => hold !== null)
    .map(({ service, hold }) =>
      visible(`${service} is held in ${environment} and takes no deployment: ${hold}`),
    );
  return bump
    ? [`${version} is not in the version file yet: tideline bump patch --push`, ...held]
    : held;
}

/** Names of files and words from the ledger may hold what moves a terminal's cursor. */
function visible(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, "\uFFFD");
}

/** Nothing from a file's name becomes markup. */
function plain(text: string): string {
  return text.replace(/[&<>|`*_[\]\\~#]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
