import { v } from "convex/values";
import { internalMutation } from "../data-model.js";
import { checkCommit } from "../github/check-commit.js";
import { checkTrust } from "../github/check-trust.js";
import type { GithubRun } from "../github/github-run.js";
import { githubRun, runUrl } from "../github/github-run.js";
import { requireTrustEntries } from "../github/require-trust-entries.js";
import { useToken } from "../github/use-token.js";
import { checkTarget } from "../model/check-arguments.js";
import { githubIssuer } from "../model/settings.js";
import { abortAnswer, abortArguments, abortAs } from "./abort-deployment.js";
import { announceAnswer, announceArguments, announceAs } from "./announce-deployment.js";
import { recordAnswer, recordArguments, recordAs } from "./record-deployment.js";

/**
 * Announces, records or aborts for a workflow run whose token is verified. For `deploymentsRoute`,
 * which calls it under the path `deployments:changeFromGithub`.
 *
 * The token is used up together with what it does. A call that throws (an untrusted run, an argument
 * that makes no sense) has done nothing and used up nothing; a refusal by the ledger's own policy is
 * an answer, leaves its row and uses the token up.
 *
 * @throws {ConvexError} UNAUTHENTICATED for a used token, NOT_TRUSTED, RECORDING_NOT_CONFIGURED,
 *   INVALID_ARGUMENT, INVALID_SETTING.
 */
export const changeFromGithub = internalMutation({
  args: {
    run: githubRun,
    change: v.union(
      v.object({ action: v.literal("begin"), ...announceArguments }),
      v.object({ action: v.literal("finish"), ...recordArguments }),
      v.object({ action: v.literal("abort"), ...abortArguments }),
    ),
  },
  returns: v.union(announceAnswer, recordAnswer, abortAnswer),
  handler: async (ctx, { run, change }) => {
    checkTarget("change deployment", change);
    await useToken(ctx, run);
    checkTrust(run, requireTrustEntries(), change);
    switch (change.action) {
      case "begin": {
        const { action, ...args } = change;
        await checkCommit(ctx, run, args);
        return await announceAs(ctx, args);
      }
      case "finish": {
        const { action, ...args } = change;
        await checkCommit(ctx, run, { ...args, gitTag: args.gitTag });
        const record = { ...args, idempotencyKey: idempotencyKey(run, args) };
        return await recordAs(ctx, record, {
          recordedBy: `github:${run.repository}`,
          runUrl: runUrl(run, githubIssuer()),
        });
      }
      case "abort": {
        const { action, ...args } = change;
        return await abortAs(ctx, args);
      }
      default:
        return change satisfies never;
    }
  },
});

/**
 * The key under which a record of this attempt of this run is taken once. The build is part of it,
 * because a run may deploy a build, see it fail and go back to the one before.
 */
function idempotencyKey(
  run: GithubRun,
  { buildId, version }: { readonly buildId?: string | undefined; readonly version: string },
): string {
  return `github:${run.repositoryId}:${run.runId}:${run.runAttempt}:${buildId ?? `label:${version}`}`;
}
