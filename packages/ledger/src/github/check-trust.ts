import type { TargetName } from "../data-model.js";
import { ledgerError } from "../model/ledger-error.js";
import { show } from "../model/show.js";
import { fitsPattern } from "./fits-pattern.js";
import type { GithubRun } from "./github-run.js";
import type { TrustEntry } from "./trust-entries.js";

// A pull request's run may be a stranger's code; the others need the right to push.
const EVENTS = ["push", "workflow_dispatch", "release"];

/**
 * Lets through a run that one of the entries trusts with the target.
 *
 * Repository and owner are compared by number: a name can be given up and taken by somebody else.
 * The claim `sub` takes no part: its form differs between repositories.
 *
 * @throws {ConvexError} NOT_TRUSTED, with what each entry of that repository expected.
 */
export function checkTrust(
  run: GithubRun,
  entries: readonly TrustEntry[],
  target: TargetName,
): void {
  const targetName = `${target.appName}/${target.environment}`;
  const own = entries.filter(
    (entry) => entry.repositoryId === run.repositoryId && entry.ownerId === run.ownerId,
  );
  const obstacles = own.map((entry) => findObstacle(run, entry, targetName));
  if (obstacles.includes(null)) return;
  // What other repositories are trusted is nobody's business here.
  const reason =
    own.length === 0
      ? `expected a repository_id and repository_owner_id of TIDELINE_GITHUB_TRUST, got "${run.repositoryId}" and "${run.ownerId}"`
      : [...new Set(obstacles)].slice(0, 5).join("; or ");
  throw ledgerError(
    "NOT_TRUSTED",
    `Cannot change "${targetName}" for a run of ${run.repository}: ${reason}`,
  );
}

/** Says what keeps an entry from trusting the run with the target; null if nothing does. */
function findObstacle(run: GithubRun, entry: TrustEntry, targetName: string): string | null {
  const asked: readonly [string, readonly string[] | null, string | null][] = [
    ["event_name", EVENTS, run.eventName],
    ["ref", entry.ref, run.ref],
    ["environment", entry.environment, run.environment],
    ["job_workflow_ref", entry.jobWorkflowRef, run.jobWorkflowRef],
    ["target", entry.targets, targetName],
  ];
  for (const [name, patterns, value] of asked) {
    if (patterns === null) continue;
    if (value !== null && patterns.some((pattern) => fitsPattern(value, pattern))) continue;
    return `expected ${name} ${patterns.map(show).join(", ")}, got ${show(value ?? undefined)}`;
  }
  return null;
}
