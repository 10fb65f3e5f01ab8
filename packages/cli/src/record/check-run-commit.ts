import { type DeploymentRecord, shortCommit } from "@tideline/version";
import { CommandError } from "../command-error.js";
import type { Ledger } from "../ledger/open-ledger.js";
import type { Env } from "../terminal.js";

/** What the check is about. */
interface CheckedDeployment {
  readonly record: Pick<DeploymentRecord, "appName" | "gitCommit" | "allowRollback">;
  /** True if the record holds something in the commit's place. */
  readonly isHidden: boolean;
}

/**
 * Looks whether GitHub's word, which names the run's commit, can vouch for a record. The ledger
 * would refuse it too, but could not say which variable is to blame.
 *
 * @throws {CommandError} `refused`, if the commit is another and the record is no way back, or if
 *   the build hides it: that identity vouches for no stand-in.
 */
export function checkRunCommit(
  { identity }: Pick<Ledger, "identity">,
  { record, isHidden }: CheckedDeployment,
  env: Env,
): void {
  const { appName, gitCommit, allowRollback } = record;
  if (identity === "github" && isHidden) {
    throw new CommandError(
      "refused",
      `Cannot record ${appName} with GitHub's identity: expected a build that may tell its commit, got one that hides it; set TIDELINE_RECORD_TOKEN, or set TIDELINE_PRIVATE_COMMITS=1 for the ledger and here, so that it is told and shows it to nobody`,
    );
  }
  const sha = env.GITHUB_SHA?.trim().toLowerCase();
  if (identity !== "github" || allowRollback || !sha || gitCommit.toLowerCase() === sha) return;
  throw new CommandError(
    "refused",
    `Cannot record ${appName} with GitHub's identity: expected the run's commit ${shortCommit(sha)} (GITHUB_SHA), got a build of ${shortCommit(gitCommit)}`,
  );
}
