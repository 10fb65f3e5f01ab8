/** The rows of the history, and how they are written. */
import type { Severity } from "@tideline/version";
import type { MutationCtx, Row, TargetName } from "../data-model.js";

/** A record whose caller is known and whose values are checked. */
export interface CheckedRecord extends TargetName {
  readonly version: string;
  readonly gitCommit: string;
  readonly buildNumber: number;
  readonly buildTime: number;
  readonly gitTag: string | null;
  readonly buildId: string;
  readonly severity: Severity;
  readonly notes: string | null;
  readonly commitTime: number | null;
  readonly inputsId: string | null;
  readonly imageDigest: string | null;
  readonly idempotencyKey: string | null;
  readonly allowRollback: boolean;
  readonly asOfEpoch: number | null;
  readonly recordedBy: string;
  readonly runUrl: string | null;
}

/** Appends a row to the target's history. */
export async function appendRow(
  ctx: MutationCtx,
  record: CheckedRecord,
  outcome: Pick<Row<"deployments">, "kind" | "epoch" | "status" | "refusal">,
) {
  const { appName, environment } = record;
  const newest = await ctx.db
    .query("deployments")
    .withIndex("by_app_env_sequence", (q) =>
      q.eq("appName", appName).eq("environment", environment),
    )
    .order("desc")
    .first();
  const sequence = (newest?.sequence ?? 0) + 1;
  const _id = await ctx.db.insert("deployments", {
    ...contentOf(record),
    ...outcome,
    sequence,
    deployedAt: Date.now(),
    recordedBy: record.recordedBy,
    ...(record.runUrl !== null && { runUrl: record.runUrl }),
    ...(record.idempotencyKey !== null && { idempotencyKey: record.idempotencyKey }),
  });
  return { _id, sequence };
}

/** What a record says, in the fields of a row. */
export function contentOf(record: CheckedRecord) {
  return {
    appName: record.appName,
    environment: record.environment,
    version: record.version,
    gitCommit: record.gitCommit,
    buildNumber: record.buildNumber,
    buildTime: record.buildTime,
    buildId: record.buildId,
    severity: record.severity,
    ...(record.gitTag !== null && { gitTag: record.gitTag }),
    ...(record.notes !== null && { notes: record.notes }),
    ...(record.commitTime !== null && { commitTime: record.commitTime }),
    ...(record.inputsId !== null && { inputsId: record.inputsId }),
    ...(record.imageDigest !== null && { imageDigest: record.imageDigest }),
  };
}

/** Says whether the row was ever live, rather than refused or overtaken. */
export function isTaken(row: Row<"deployments">): boolean {
  return row.status === "live" || row.status === "replaced";
}
