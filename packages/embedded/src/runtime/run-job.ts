/**
 * Runs the function of a job that is due, between the two marks that its row gets.
 *
 * Mutations run exactly once: the job's end is committed with their writes, so a crash leaves it
 * as it was. Actions run at most once: one that was in progress when the server ended is over.
 */
import { randomBytes } from "node:crypto";
import type { EncodedValue } from "../contract.js";
import type { SystemTransaction } from "../data/embedded-database.js";
import { callAction, runMutation } from "./call-function.js";
import { changeRows } from "./change-rows.js";
import { type Engine, logFor } from "./engine.js";
import type { Call } from "./execution.js";
import { FunctionError } from "./function-error.js";
import { LogLines } from "./log-lines.js";
import type { RegisteredFunction } from "./registered-function.js";

/** One run of a job. */
export interface JobRun {
  /** A mutation or an action. */
  readonly registered: RegisteredFunction;
  readonly args: EncodedValue;
  /** For a row of `_scheduled_functions`, which its function may ask to cancel. */
  readonly jobId?: string;
  /** Marks it as in progress. @returns False if it is not to be run any more. */
  begin(transaction: SystemTransaction): boolean;
  /** Marks how it ended. @param failure Null if it succeeded. */
  end(transaction: SystemTransaction, failure: FunctionError | null): void;
}

/** @throws {Error} By the server's own fault alone; a function's failure is logged. */
export async function runJob(engine: Engine, job: JobRun): Promise<void> {
  const { registered, jobId } = job;
  const isMutation = registered.type === "Mutation";
  const call: Call = {
    requestId: randomBytes(8).toString("hex"),
    identity: { kind: "none" },
    ...(jobId === undefined ? {} : { jobId, isJobMutation: isMutation }),
  };
  const outcome = await (isMutation ? runAsMutation : runAsAction)(engine, job, call);
  if (outcome === null) return;
  const { display } = registered.path;
  logFor(engine, display, outcome.logLines);
  if (outcome.failure !== null) logFor(engine, display, [outcome.failure.message.trimEnd()]);
}

/** Null if the job was not to be run any more. */
type Outcome = {
  readonly logLines: readonly string[];
  readonly failure: FunctionError | null;
} | null;

function runAsMutation(engine: Engine, job: JobRun, call: Call): Promise<Outcome> {
  return changeRows(engine, async (transaction) => {
    if (!job.begin(transaction)) return null;
    const logLines = new LogLines();
    let failure: FunctionError | null = null;
    const savepoint = transaction.savepoint();
    try {
      await runMutation(engine, job.registered, { args: job.args, call }, transaction, logLines);
      savepoint.release();
    } catch (error) {
      if (!(error instanceof FunctionError)) throw error;
      savepoint.rollback();
      failure = error;
    }
    job.end(transaction, failure);
    return { logLines: logLines.lines, failure };
  });
}

async function runAsAction(engine: Engine, job: JobRun, call: Call): Promise<Outcome> {
  if (!(await changeRows(engine, (transaction) => job.begin(transaction)))) return null;
  const path = job.registered.path.identifier;
  const result = await callAction(engine, { path, args: job.args, call, allowInternal: true });
  const failure = result.ok ? null : result.error;
  await changeRows(engine, (transaction) => job.end(transaction, failure));
  return { logLines: result.logLines, failure };
}
