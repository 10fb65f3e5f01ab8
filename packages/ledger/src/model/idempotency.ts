/** How a record that is sent twice is recognised by its key, and what it is told. */
import type { RecordAnswer } from "@tideline/version";
import type { MutationCtx, Row } from "../data-model.js";
import type { CheckedRecord } from "./history.js";
import { contentOf } from "./history.js";
import { ledgerError } from "./ledger-error.js";
import { show } from "./show.js";

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
 * Says whether a record whose key was taken before only asks for that answer again.
 *
 * A lost answer's repeat looks back from where the first one did: before the epoch that it made, or
 * at that epoch while it lasts. Who has seen a later one has looked anew, and says that the build is
 * served now; the answer from before would hide that the target is elsewhere.
 *
 * @param epoch The target's.
 */
export function isRepeat(
  earlier: Row<"deployments">,
  { asOfEpoch }: Pick<CheckedRecord, "asOfEpoch">,
  epoch: number,
): boolean {
  if (asOfEpoch === null || asOfEpoch < earlier.epoch) return true;
  return asOfEpoch === earlier.epoch && epoch === earlier.epoch;
}

/**
 * The answer to such a record: what the first one was told.
 *
 * @throws {ConvexError} IDEMPOTENCY_KEY_REUSED if it says something else. The build's
 *   time, conditions (`allowRollback`, `asOfEpoch`) and the token are no content.
 */
export function repeatAnswer(earlier: Row<"deployments">, record: CheckedRecord): RecordAnswer {
  const other = findDifference(earlier, record);
  if (other !== null) throw ledgerError("IDEMPOTENCY_KEY_REUSED", describe(earlier, record, other));
  return {
    ok: true,
    deploymentId: earlier._id,
    kind: earlier.kind,
    buildId: earlier.buildId,
    epoch: earlier.epoch,
    alreadyRecorded: true,
  };
}

/** Says whether a record says what the row says. */
export function isSame(row: Row<"deployments">, record: CheckedRecord): boolean {
  return findDifference(row, record) === null;
}

// What people know a record by comes first. Without buildTime: where no commit holds all that was
// built it is the clock's, so a repeat has another one. Clients that are out there send it so.
const CONTENT = [
  "version",
  "gitCommit",
  "buildNumber",
  "buildId",
  "severity",
  "gitTag",
  "notes",
  "commitTime",
  "inputsId",
  "imageDigest",
] as const;

/** Gives the first field in which a record says something else than the row. */
function findDifference(row: Row<"deployments">, record: CheckedRecord) {
  const content: Partial<Row<"deployments">> = contentOf(record);
  return CONTENT.find((field) => row[field] !== content[field]) ?? null;
}

function describe(
  earlier: Row<"deployments">,
  record: CheckedRecord,
  field: (typeof CONTENT)[number],
): string {
  const content: Partial<Row<"deployments">> = contentOf(record);
  const [had, has] = [`${field} ${show(earlier[field])}`, `${field} ${show(content[field])}`];
  const [old, now] = [show(earlier.version), show(record.version)];
  // A run's key is made here, and no other one can be named.
  if (record.runUrl !== null) {
    const before = `what this attempt of the run has recorded of build ${show(record.buildId)} before, ${had}`;
    return `Cannot record deployment: expected ${before}, got ${has}; a new attempt may record it anew`;
  }
  const withField = (text: string) => (field === "version" ? "" : ` with ${text}`);
  return `Cannot record deployment: expected a new idempotencyKey for ${now}${withField(has)}, got the one of ${old}${withField(had)}`;
}
