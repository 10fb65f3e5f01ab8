/**
 * What is sent of a build whose stamp hides its commit. Everybody may read what is recorded, so
 * nothing of the job that records may tell what the build does not.
 */
import { checkHidden, commitStandIn, detectCi, hidesCommit, versionForm } from "@tideline/stamp";
import type { BuildStamp } from "@tideline/version";
import { CommandError } from "../command-error.js";
import type { Env } from "../terminal.js";

/**
 * Says whether a build hides its commit: its stamp does, or it has none and
 * `TIDELINE_VERSION_FORM` asks for that here.
 *
 * @throws {CommandError} `usage`, if there is no such form.
 */
export function isCommitHidden(stamp: BuildStamp, env: Env): boolean {
  try {
    return stamp.gitCommit === null && (hidesCommit(stamp) || versionForm(env) !== null);
  } catch (cause) {
    throw new CommandError("usage", (cause as Error).message, { cause });
  }
}

/** True if the ledger is said to show no commit to the public, so that it may be told of one. */
export function keepsCommits(env: Env): boolean {
  const text = env.TIDELINE_PRIVATE_COMMITS?.trim().toLowerCase() ?? "";
  return text !== "" && text !== "0" && text !== "false";
}

/** What stands for the commit: by its HMAC or hash old jobs that run again are known as ever. */
export function standInOf(stamp: BuildStamp): string {
  return commitStandIn(stamp) ?? "unknown";
}

/**
 * Refuses a version from a variable that gives the commit away.
 *
 * @throws {CommandError} `usage`, also for hex digits alone where no commit is known to compare.
 */
export function checkTellsNothing(label: string, source: string, env: Env): void {
  const commit = (detectCi(env)?.commit ?? env.GITHUB_SHA?.trim().toLowerCase()) || null;
  try {
    checkHidden(label, source, commit);
  } catch (cause) {
    throw new CommandError("usage", (cause as Error).message, { cause });
  }
  if (commit !== null || !/^[0-9a-f]{7,64}(-dirty)?$/i.test(label)) return;
  throw new CommandError(
    "usage",
    `Cannot record a build that hides its commit: expected a version that cannot be one in ${source}, got "${label}"`,
  );
}
