import type { Infer } from "convex/values";
import { v } from "convex/values";
import type { Row } from "../data-model.js";
import { HIDDEN_COMMIT, maySeeCommits } from "../model/private-commits.js";
import { publicDeploymentFields } from "../tables.js";

/** A row of the history as everybody may read it. */
export const deploymentRow = v.object({
  ...publicDeploymentFields,
  _id: v.id("deployments"),
  _creationTime: v.number(),
});

/** A row of the history as everybody may read it: all of it but the idempotency key. */
export type DeploymentRow = Infer<typeof deploymentRow>;

/**
 * Takes from a stored row what is nobody else's business.
 *
 * @param token The reader's record token, for whom the commits may be private.
 */
export function toDeploymentRow(
  { idempotencyKey, ...row }: Row<"deployments">,
  token: string | undefined,
): DeploymentRow {
  if (maySeeCommits(token, row)) return row;
  // The page of a run names its commit.
  const { runUrl, ...rest } = row;
  return { ...rest, gitCommit: HIDDEN_COMMIT };
}
