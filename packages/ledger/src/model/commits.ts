/** Which commits were live on a target; knows nothing of builds. */
import type { MutationCtx, QueryCtx, Row, TargetName } from "../data-model.js";

/**
 * Gives the form in which commits are compared, or null for what does not name one: "unknown",
 * "dev", "abc1234-dirty", zeros only. Those are never compared.
 *
 * Two lengths of one SHA do not match: a short one may belong to several commits.
 */
export function comparableCommit(gitCommit: string): string | null {
  const commit = gitCommit.trim().toLowerCase();
  return /^[0-9a-f]{7,64}$/.test(commit) && !/^0+$/.test(commit) ? commit : null;
}

/** Gives a commit as it is kept: what may be a SHA in lower case, so that equal ones are equal. */
export function keptCommit(gitCommit: string): string {
  return /^[0-9a-f]{7,64}(-dirty)?$/i.test(gitCommit) ? gitCommit.toLowerCase() : gitCommit;
}

/** The row of a commit that was live on the target, or null. */
export async function findCommit(
  ctx: QueryCtx,
  { appName, environment }: TargetName,
  gitCommit: string,
): Promise<Row<"commits"> | null> {
  const commit = comparableCommit(gitCommit);
  if (commit === null) return null;
  return await ctx.db
    .query("commits")
    .withIndex("by_target_commit", (q) =>
      q.eq("appName", appName).eq("environment", environment).eq("gitCommit", commit),
    )
    .unique();
}

/** Remembers for ever that a commit is live on the target. */
export async function rememberCommit(
  ctx: MutationCtx,
  target: TargetName,
  gitCommit: string,
  epoch: number,
): Promise<void> {
  const commit = comparableCommit(gitCommit);
  if (commit === null) return;
  const known = await findCommit(ctx, target, commit);
  if (known === null) {
    const { appName, environment } = target;
    await ctx.db.insert("commits", { appName, environment, gitCommit: commit, lastEpoch: epoch });
  } else if (known.lastEpoch !== epoch) {
    await ctx.db.patch(known._id, { lastEpoch: epoch });
  }
}
