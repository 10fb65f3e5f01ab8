import type { EncodedValue } from "../contract.js";
import type { EncodedDocument, SystemTransaction } from "../data/embedded-database.js";
import { SCHEDULED_FUNCTIONS } from "./scheduler-tables.js";

/**
 * A row of `_scheduled_functions`.
 *
 *   pending --due--> inProgress --> success
 *      |                 |--------> failed
 *      '----cancel-------'--------> canceled
 *
 * A mutation's `inProgress` is seen by that mutation alone: its end is committed with its writes.
 */
export interface ScheduledJob {
  readonly _id: string;
  /** `module.js:function` */
  readonly name: string;
  /** An array with one object. */
  readonly args: EncodedValue;
  /** ms since epoch. */
  readonly scheduledTime: number;
  readonly completedTime?: number;
  readonly state: JobState;
}

export type JobState =
  | { readonly kind: "pending" | "inProgress" | "success" | "canceled" }
  | { readonly kind: "failed"; readonly error: string };

/** The job of that id, which has to be of `_scheduled_functions`; null if there is none. */
export function readJob(transaction: SystemTransaction, id: string): ScheduledJob | null {
  const document = transaction.system.get(id);
  return document === null ? null : asJob(document);
}

/**
 * The jobs in one state that are due, the earliest first.
 *
 * @param options.upTo ms since epoch. @default Any time
 */
export function dueJobs(
  transaction: SystemTransaction,
  kind: JobState["kind"],
  options: { readonly upTo?: number; readonly limit?: number } = {},
): ScheduledJob[] {
  return transaction.system
    .query(SCHEDULED_FUNCTIONS, "by_due", { ...options, equal: [kind] })
    .map(asJob);
}

/** Rows are written by this server alone, always in this shape. */
function asJob(document: EncodedDocument): ScheduledJob {
  return document as unknown as ScheduledJob;
}
