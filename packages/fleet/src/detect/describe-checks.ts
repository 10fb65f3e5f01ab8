/** What `tideline-sync check` prints: a map for scripts, lines for people. Pure. */
import type { ReasonCode } from "@tideline/version/fleet";
import { nextStepOf } from "../next-step.js";
import type { FailedMachineCheck, MachineCheck } from "./check-machine.js";
import type { CheckedSubsystem } from "./checked-subsystem.js";
import type { VersionManifest } from "./version-manifest.js";

/** One subsystem for scripts; `jq '.[] | select(.update_available) | .name'` names what to update. */
export interface CheckRow {
  readonly name: string;
  /** The tag, else the version, else the first 12 digits of the commit; null if nothing is there. */
  readonly current: string | null;
  readonly latest: string | null;
  readonly update_available: boolean;
  readonly state: string;
  readonly update_class: string | null;
  readonly reason: string | null;
  readonly detail: string | null;
  readonly next_step: string | null;
  readonly override: string | null;
  readonly strategy: string | null;
  readonly upstream_repo: string | null;
  readonly current_commit: string | null;
  readonly latest_commit: string | null;
}

/** Gives the rows by name; those that could not be looked at last, with what was known of them. */
export function checkRows(
  { checks, failures }: MachineCheck,
  manifest: VersionManifest | null,
): Readonly<Record<string, CheckRow>> {
  return Object.fromEntries([
    ...checks.map((check) => [check.name, rowOfCheck(check, manifest)] as const),
    ...failures.map((failure) => [failure.name, rowOfFailure(failure, manifest)] as const),
  ]);
}

/** Gives the lines for a terminal. */
export function checkText(rows: Readonly<Record<string, CheckRow>>): string {
  let before: string | null = null;
  const lines = Object.values(rows).map((row) => {
    const end = remark(row);
    // What stops the machine stops all of them, and is said once.
    const isSaid = row.reason !== null && end === before;
    before = end;
    return [row.name, versions(row), isSaid ? `${row.state}: as above` : end] as const;
  });
  const width = (index: 0 | 1): number => Math.max(0, ...lines.map((line) => line[index].length));
  const [names, middles] = [width(0), width(1)];
  return lines
    .map(([name, middle, end]) =>
      `${name.padEnd(names)}  ${middle.padEnd(middles)}  ${end}`.trimEnd(),
    )
    .join("\n");
}

function rowOfCheck(check: CheckedSubsystem, manifest: VersionManifest | null): CheckRow {
  const { name, current, currentTag, isAvailable, state, reason, detail } = check;
  // An alarm stops what was found; the manifest still has what was the latest before.
  const before = manifest?.subsystems[name];
  const latestCommit = check.latest?.commit ?? before?.latest_commit ?? null;
  const latestTag = check.latest === null ? (before?.latest_tag ?? null) : check.latest.tag;
  return {
    name,
    current: currentTag ?? current.version ?? shortened(current.commit),
    latest: latestTag ?? shortened(latestCommit),
    update_available: isAvailable,
    ...{
      state,
      update_class: check.updateClass,
      reason,
      detail,
      next_step: nextStep(reason, name),
    },
    ...{ override: check.override, strategy: check.strategy, upstream_repo: check.upstreamRepo },
    current_commit: current.commit,
    latest_commit: latestCommit,
  };
}

function rowOfFailure(
  { name, error, current }: FailedMachineCheck,
  manifest: VersionManifest | null,
): CheckRow {
  const before = manifest?.subsystems[name];
  const isAsBefore = before !== undefined && before.current_commit === current.commit;
  return {
    name,
    current:
      (isAsBefore ? before.current_tag : undefined) ?? current.version ?? shortened(current.commit),
    latest: before?.latest_tag ?? shortened(before?.latest_commit ?? null),
    // Nobody updates on what was not looked at.
    update_available: false,
    ...{ state: "failed", update_class: null, reason: error.reason, detail: error.message },
    next_step: nextStep(error.reason, name),
    ...{ override: before?.override ?? null, strategy: before?.strategy ?? null },
    upstream_repo: before?.upstream_repo ?? null,
    current_commit: current.commit,
    latest_commit: before?.latest_commit ?? null,
  };
}

function versions({ current, latest }: CheckRow): string {
  if (current === latest || latest === null) return current ?? "-";
  return `${current ?? "-"} -> ${latest}`;
}

function remark({ state, update_class, reason, detail, next_step, override }: CheckRow): string {
  const what = update_class === null ? state : `${state} (${update_class})`;
  const by = override === null ? "" : `, override ${override}`;
  if (reason === null) return `${what}${by}${detail === null ? "" : `; ${detail}`}`;
  return `${what}${by}: ${reason}: ${detail ?? ""}\n  ${next_step ?? ""}`;
}

function nextStep(reason: ReasonCode | null, name: string): string | null {
  return reason === null ? null : nextStepOf(reason, name);
}

function shortened(commit: string | null): string | null {
  return commit === null ? null : commit.slice(0, 12);
}
