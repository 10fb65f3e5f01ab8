/** The rows of the history: how they are written and how a repeated record is recognised. */
import type { RecordAnswer, Severity } from "@tideline/version";
import type { MutationCtx, Row, TargetName } from "../data-model.js";
import { ledgerError } from "./ledger-error.js";

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
function contentOf(record: CheckedRecord) {
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

/** The newest row of the target that came with the record's idempotency key, or null. */
export async function findByIdempotencyKey(
  ctx: MutationCtx,
  { appName, environment, idempotencyKey }: CheckedRecord,
): Promise<Row<"deployments"> | null> {
  if (idempotencyKey === null) return null;
  // The newest: a record that was refused at first and taken when it came again has two rows.
  return await ctx.db
    .query("deployments")
    .withIndex("by_idempotency_key", (q) =>
      q.eq("appName", appName).eq("environment", environment).eq("idempotencyKey", idempotencyKey),
    )
    .order("desc")
    .first();
}

/**
 * The answer to a record whose key was taken before: what the first one was told.
 *
 * @throws {ConvexError} IDEMPOTENCY_KEY_REUSED if it says something else. Conditions
 *   (`allowRollback`, `asOfEpoch`) and the token are no content.
 */
export function repeatAnswer(earlier: Row<"deployments">, record: CheckedRecord): RecordAnswer {
  if (!isSame(earlier, record)) {
    throw ledgerError(
      "IDEMPOTENCY_KEY_REUSED",
      `Cannot record deployment: expected a new idempotencyKey for "${record.version}", got the one of "${earlier.version}"`,
    );
  }
  return {
    ok: true,
    deploymentId: earlier._id,
    kind: earlier.kind,
    buildId: earlier.buildId,
    epoch: earlier.epoch,
    alreadyRecorded: true,
  };
}

/** Says whether the row was ever live, rather than refused or overtaken. */
export function isTaken(row: Row<"deployments">): boolean {
  return row.status === "live" || row.status === "replaced";
}

/** Says whether a record says what the row says. */
export function isSame(row: Row<"deployments">, record: CheckedRecord): boolean {
  const fields = [
    "version",
    "gitCommit",
    "buildNumber",
    "buildTime",
    "buildId",
    "severity",
    "gitTag",
    "notes",
    "commitTime",
    "inputsId",
    "imageDigest",
  ] as const;
  const content: Partial<Row<"deployments">> = contentOf(record);
  return fields.every((field) => row[field] === content[field]);
}
