import { type DeploymentRecord, shortCommit } from "@tideline/version";
import { CommandError } from "../command-error.js";
import type { Ledger } from "../ledger/open-ledger.js";
import type { Env } from "../terminal.js";

/**
 * Looks whether GitHub's word, which names the run's commit, can vouch for a record. The ledger
 * would refuse it too, but could not say which variable is to blame.
 *
 * @throws {CommandError} `refused`, if the commit is another and the record is no way back.
 */
export function checkRunCommit(
  { identity }: Pick<Ledger, "identity">,
  {
    appName,
    gitCommit,
    allowRollback,
  }: Pick<DeploymentRecord, "appName" | "gitCommit" | "allowRollback">,
  env: Env,
): void {
  const sha = env.GITHUB_SHA?.trim().toLowerCase();
  if (identity !== "github" || allowRollback || !sha || gitCommit.toLowerCase() === sha) return;
  throw new CommandError(
    "refused",
    `Cannot record ${appName} with GitHub's identity: expected the run's commit ${shortCommit(sha)} (GITHUB_SHA), got a build of ${shortCommit(gitCommit)}`,
  );
}
