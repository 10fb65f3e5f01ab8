import type {
  EncodedDocument,
  SystemTableIndexes,
  SystemTransaction,
} from "../data/embedded-database.js";
import type { CronSpec } from "./cron-spec.js";

/**
 * `_cron_jobs`: one row for each job of `crons.ts`. Written at every load of the functions and by
 * the cron runner; read by it alone, since functions cannot see the cloud's either; deleted at
 * the load after the job has gone from `crons.ts`.
 */
export const CRON_JOBS = "_cron_jobs";

/** The system tables that `openDatabase` has to make for cron jobs. */
export const CRON_TABLES: SystemTableIndexes = {
  [CRON_JOBS]: { by_next_time: ["nextTime"], by_name: ["name"] },
};

/**
 * A row of `_cron_jobs`.
 *
 *   pending --due--> (mutation) pending, one run later
 *           --due--> inProgress --> pending, one run later      an action
 */
export interface CronJob extends CronSpec {
  readonly _id: string;
  /** ms since epoch, as the next; null before the first run. */
  readonly previousTime: number | null;
  readonly nextTime: number;
  readonly state: "pending" | "inProgress";
}

/** All jobs, the one that is due first at the front. */
export function cronJobs(transaction: SystemTransaction): CronJob[] {
  return transaction.system.query(CRON_JOBS, "by_next_time").map(asCronJob);
}

/** Reads one anew; null if it has gone. */
export function readCronJob(transaction: SystemTransaction, id: string): CronJob | null {
  const document = transaction.system.get(id);
  return document === null ? null : asCronJob(document);
}

/** The fields that `crons.ts` decides, as they are stored. */
export function storedSpec({ name, functionName, args, schedule }: CronSpec): EncodedDocument {
  // As text: arguments may have field names that no document may have.
  return { name, functionName, args: JSON.stringify(args), schedule: { ...schedule } };
}

function asCronJob(document: EncodedDocument): CronJob {
  // Rows are written by this server alone, always in this shape.
  const { _creationTime, ...job } = document as unknown as CronJob & { _creationTime: number };
  return { ...job, args: JSON.parse(String(job.args)) };
}
