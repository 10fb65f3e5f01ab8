import type { Infer } from "convex/values";
import { v } from "convex/values";
import type { Row } from "../data-model.js";
import { publicDeploymentFields } from "../tables.js";

/** A row of the history as everybody may read it. */
export const deploymentRow = v.object({
  ...publicDeploymentFields,
  _id: v.id("deployments"),
  _creationTime: v.number(),
});

/** A row of the history as everybody may read it: all of it but the idempotency key. */
export type DeploymentRow = Infer<typeof deploymentRow>;

/** Takes from a stored row what is nobody else's business. */
export function toDeploymentRow({ idempotencyKey, ...row }: Row<"deployments">): DeploymentRow {
  return row;
}
