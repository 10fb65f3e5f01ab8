/**
 * Runs the jobs of `crons.ts` when they are due, one run of a job at a time.
 *
 * Mutations run exactly once: the next time is committed with their writes. Actions run at most
 * once: one that was in progress when the server ended is not tried again.
 */
import { randomBytes } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { SystemTransaction } from "../data/embedded-database.js";
import { callAction, runMutation } from "./call-function.js";
import { nextRunFrom } from "./cron-spec.js";
import { CRON_JOBS, type CronJob, cronJobs, readCronJob } from "./cron-tables.js";
import { type Engine, logFor } from "./engine.js";
import type { Call } from "./execution.js";
import { findFunction } from "./find-function.js";
import { FunctionError } from "./function-error.js";
import { LogLines } from "./log-lines.js";
import type { RegisteredFunction } from "./registered-function.js";
import type { Scheduler } from "./scheduler.js";

const MAX_PARALLEL = 8;
// Looks again at least this often, in case the machine slept or its clock was set.
const MAX_WAIT_MS = 60_000;
// After a failure of the server's own, such as a full disk.
const RETRY_MS = 1_000;

/** Starts with the jobs that came due while the server was down: each runs once. */
export async function startCronRunner(engine: Engine): Promise<Scheduler> {
  const { database } = engine;
  const running = new Map<string, Promise<void>>();
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;

  const wake = (): void => {
    if (isClosed) return;
    clearTimeout(timer);
    let waitMs = RETRY_MS;
    try {
      waitMs = startDue();
    } catch (error) {
      engine.log(`Cannot look for cron jobs: ${String(error)}`);
    }
    timer = setTimeout(wake, waitMs).unref();
  };

  /** @returns How long until the next one, ms. */
  const startDue = (): number => {
    const transaction = database.beginQuery();
    try {
      for (const job of cronJobs(transaction)) {
        if (running.size >= MAX_PARALLEL) break;
        if (running.has(job._id)) continue;
        const inMs = job.nextTime - engine.now();
        if (inMs > 0) return Math.min(MAX_WAIT_MS, inMs);
        start(job);
      }
      return MAX_WAIT_MS;
    } finally {
      transaction.close();
    }
  };

  const start = (job: CronJob): void => {
    const run = runJob(engine, job)
      .catch(async (error: unknown) => {
        engine.log(`Cannot run the cron job "${job.name}": ${String(error)}`);
        await new Promise((resolve) => setTimeout(resolve, isClosed ? 0 : RETRY_MS).unref());
      })
      .finally(() => {
        running.delete(job._id);
        wake();
      });
    running.set(job._id, run);
  };

  await completeInterrupted(engine);
  const unsubscribe = database.onCommit(({ writes }) => {
    if (writes.some(({ tableName }) => tableName === CRON_JOBS)) setImmediate(wake);
  });
  wake();

  return {
    async close() {
      isClosed = true;
      unsubscribe();
      clearTimeout(timer);
      await Promise.all(running.values());
    },
  };
}

async function runJob(engine: Engine, job: CronJob): Promise<void> {
  const requestId = randomBytes(8).toString("hex");
  const call: Call = { requestId, identity: { kind: "none" } };
  // That there is one was seen to when the functions were loaded.
  const registered = findFunction(engine.code, job.functionName, { allowInternal: true });
  if (registered.type === "Action") await runActionJob(engine, job, call);
  else await runMutationJob(engine, job, registered, call);
}

async function runMutationJob(
  engine: Engine,
  job: CronJob,
  registered: RegisteredFunction,
  call: Call,
): Promise<void> {
  const { args } = job;
  let logLines = new LogLines();
  let failure: FunctionError | null = null;
  await engine.database.mutate({}, async (transaction) => {
    logLines = new LogLines();
    failure = null;
    if (!isUnchanged(transaction, job)) return NOTHING;
    const savepoint = transaction.savepoint();
    try {
      await runMutation(engine, registered, { args, call }, transaction, logLines);
      savepoint.release();
    } catch (error) {
      if (!(error instanceof FunctionError)) throw error;
      savepoint.rollback();
      failure = error;
    }
    complete(engine, transaction, job);
    return NOTHING;
  });
  report(engine, job, logLines.lines, failure);
}

async function runActionJob(engine: Engine, job: CronJob, call: Call): Promise<void> {
  const started: CronJob = { ...job, state: "inProgress" };
  const { value } = await engine.database.mutate({}, async (transaction) => {
    const isStarted = isUnchanged(transaction, job);
    if (isStarted) transaction.system.patch(job._id, { state: "inProgress" });
    return { value: JSON.stringify(isStarted), logLines: [] };
  });
  if (value !== "true") return;
  const { functionName: path, args } = job;
  const result = await callAction(engine, { path, args, call, allowInternal: true });
  await engine.database.mutate({}, async (transaction) => {
    // Its schedule may be another by now; that it runs no more has to be said all the same.
    const stored = readCronJob(transaction, job._id);
    if (isUnchanged(transaction, started)) complete(engine, transaction, started);
    else if (stored !== null) transaction.system.patch(job._id, { state: "pending" });
    return NOTHING;
  });
  report(engine, job, result.logLines, result.ok ? null : result.error);
}

const NOTHING = { value: "null", logLines: [] };

function isUnchanged(transaction: SystemTransaction, job: CronJob): boolean {
  return isDeepStrictEqual(readCronJob(transaction, job._id), job);
}

/** Writes when the job runs next: times that have passed meanwhile are left out. */
function complete(engine: Engine, transaction: SystemTransaction, job: CronJob): void {
  transaction.system.patch(job._id, {
    state: "pending",
    previousTime: job.nextTime,
    nextTime: nextRunFrom(job.schedule, job.nextTime, engine.now()),
  });
}

function report(
  engine: Engine,
  { functionName }: CronJob,
  logLines: readonly string[],
  failure: FunctionError | null,
): void {
  const name = functionName.replace(".js:", ":");
  logFor(engine, name, logLines);
  if (failure !== null) logFor(engine, name, [failure.message.trimEnd()]);
}

/** What was in progress when an earlier server ended will not be tried again. */
async function completeInterrupted(engine: Engine): Promise<void> {
  await engine.database.mutate({}, async (transaction) => {
    for (const job of cronJobs(transaction)) {
      if (job.state !== "inProgress") continue;
      engine.log(`The server ended while the cron job "${job.name}" was running`);
      complete(engine, transaction, job);
    }
    return NOTHING;
  });
}
