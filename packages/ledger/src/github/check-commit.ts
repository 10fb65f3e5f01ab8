import type { MutationCtx, TargetName } from "../data-model.js";
import { findCommit } from "../model/commits.js";
import { ledgerError } from "../model/ledger-error.js";
import { areCommitsPrivate } from "../model/settings.js";
import { show } from "../model/show.js";
import type { GithubRun } from "./github-run.js";

/** What a run says that it deploys. */
interface Claim extends TargetName {
  readonly gitCommit: string;
  readonly allowRollback?: boolean | undefined;
  /** Null or undefined: said to be none. Absent where nothing says it (an announcement). */
  readonly gitTag?: string | null | undefined;
}

/**
 * Lets through a commit that the run's token vouches for: the one that it runs on; a rollback may
 * also name one that was live on the target. A run of a tag deploys that tag; where commits are
 * private it may leave the tag out, which would tell the commit, and still name no other.
 *
 * @throws {ConvexError} NOT_TRUSTED
 */
export async function checkCommit(ctx: MutationCtx, run: GithubRun, claim: Claim): Promise<void> {
  if (claim.gitCommit.toLowerCase() !== run.sha) {
    if (claim.allowRollback && (await findCommit(ctx, claim, claim.gitCommit)) !== null) return;
    const target = `${claim.appName}/${claim.environment}`;
    const orEarlier = claim.allowRollback ? ` or one that was live on ${target}` : "";
    refuse(run, `gitCommit "${run.sha}", which it runs on${orEarlier}`, claim.gitCommit);
  }
  const tag = /^refs\/tags\/(.+)$/.exec(run.ref)?.[1];
  if (tag === undefined || !("gitTag" in claim) || claim.gitTag === tag) return;
  if (claim.gitTag == null && areCommitsPrivate()) return;
  refuse(run, `gitTag "${tag}", which it runs at`, claim.gitTag ?? undefined);
}

function refuse(run: GithubRun, expected: string, got: string | undefined): never {
  throw ledgerError(
    "NOT_TRUSTED",
    `Cannot record for a run of ${run.repository}: expected ${expected}, got ${show(got)}`,
  );
}
