/**
 * Runs what `ctx.scheduler` has written down, when it is due.
 *
 * Mutations run exactly once: the job's end is committed with its writes, so a crash leaves it
 * pending. Actions run at most once: one that was in progress when the server ended has failed.
 */
import { randomBytes } from "node:crypto";
import type { FunctionFailure } from "../contract.js";
import { callAction, runMutation } from "./call-function.js";
import { type Engine, logFor } from "./engine.js";
import type { Call } from "./execution.js";
import { findFunction } from "./find-function.js";
import { FunctionError } from "./function-error.js";
import { LogLines } from "./log-lines.js";
import type { RegisteredFunction } from "./registered-function.js";
import { dueJobs, type JobState, readJob, type ScheduledJob } from "./scheduled-job.js";
import { SCHEDULED_FUNCTIONS } from "./scheduler-tables.js";

export interface Scheduler {
  /** Starts nothing new and waits for the jobs that run. */
  close(): Promise<void>;
}

const MAX_PARALLEL = 8;
const KEPT_MS = 7 * 24 * 60 * 60 * 1_000;
const SWEEP_MS = 60 * 60 * 1_000;
const SWEPT_AT_ONCE = 1_000;
// Looks again at least this often, in case the machine slept or its clock was set.
const MAX_WAIT_MS = 60_000;
// After a failure of the server's own, such as a full disk.
const RETRY_MS = 1_000;

/** Starts with the jobs that came due while the server was down. */
export async function startScheduler(engine: Engine): Promise<Scheduler> {
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
      engine.log(`Cannot look for scheduled functions: ${String(error)}`);
    }
    timer = setTimeout(wake, waitMs).unref();
  };

  /** @returns How long until the next one, ms. */
  const startDue = (): number => {
    const transaction = database.beginQuery();
    try {
      // Those that run are among the due ones until they commit.
      const jobs = dueJobs(transaction, "pending", { limit: MAX_PARALLEL + running.size });
      for (const job of jobs) {
        if (running.size >= MAX_PARALLEL) break;
        if (running.has(job._id)) continue;
        const inMs = job.scheduledTime - engine.now();
        if (inMs > 0) return Math.min(MAX_WAIT_MS, inMs);
        start(job);
      }
      return MAX_WAIT_MS;
    } finally {
      transaction.close();
    }
  };

  const start = (job: ScheduledJob): void => {
    const run = runJob(engine, job)
      .catch(async (error: unknown) => {
        engine.log(`Cannot run the scheduled ${job.name}: ${String(error)}`);
        await new Promise((resolve) => setTimeout(resolve, isClosed ? 0 : RETRY_MS).unref());
      })
      .finally(() => {
        running.delete(job._id);
        wake();
      });
    running.set(job._id, run);
  };

  await failInterrupted(engine);
  await sweep(engine);
  const sweeper = setInterval(() => {
    sweep(engine).catch((error: unknown) => engine.log(`Cannot delete old jobs: ${String(error)}`));
  }, SWEEP_MS).unref();
  const unsubscribe = database.onCommit(({ writes }) => {
    if (writes.some(({ tableName }) => tableName === SCHEDULED_FUNCTIONS)) setImmediate(wake);
  });
  wake();

  return {
    async close() {
      isClosed = true;
      unsubscribe();
      clearTimeout(timer);
      clearInterval(sweeper);
      await Promise.all(running.values());
    },
  };
}

async function runJob(engine: Engine, job: ScheduledJob): Promise<void> {
  const requestId = randomBytes(8).toString("hex");
  const call: Call = { requestId, identity: { kind: "none" }, jobId: job._id };
  let registered: RegisteredFunction;
  try {
    registered = findFunction(engine.code, job.name, { allowInternal: true });
    if (registered.type === "Query") {
      throw new FunctionError(`Cannot schedule ${job.name}: it is defined as Query`);
    }
  } catch (error) {
    if (!(error instanceof FunctionError)) throw error;
    await finish(engine, job, "pending", { kind: "failed", error: error.message });
    return;
  }
  if (registered.type === "Mutation") {
    await runMutationJob(engine, job, registered, { ...call, isJobMutation: true });
  } else {
    await runActionJob(engine, job, registered, call);
  }
}

async function runMutationJob(
  engine: Engine,
  job: ScheduledJob,
  registered: RegisteredFunction,
  call: Call,
): Promise<void> {
  const { args } = job;
  let logLines = new LogLines();
  let failure: FunctionError | null = null;
  await engine.database.mutate({}, async (transaction) => {
    logLines = new LogLines();
    failure = null;
    // It may have been canceled while it waited for its turn.
    if (readJob(transaction, job._id)?.state.kind !== "pending") return NOTHING;
    transaction.system.patch(job._id, { state: { kind: "inProgress" } });
    const savepoint = transaction.savepoint();
    let state: JobState = { kind: "success" };
    try {
      await runMutation(engine, registered, { args, call }, transaction, logLines);
      savepoint.release();
    } catch (error) {
      if (!(error instanceof FunctionError)) throw error;
      savepoint.rollback();
      failure = error;
      state = { kind: "failed", error: error.message };
    }
    transaction.system.patch(job._id, { state: { ...state }, completedTime: engine.now() });
    return NOTHING;
  });
  report(engine, registered, logLines.lines, failure);
}

async function runActionJob(
  engine: Engine,
  job: ScheduledJob,
  registered: RegisteredFunction,
  call: Call,
): Promise<void> {
  const { args } = job;
  const started = await move(engine, job, "pending", { state: { kind: "inProgress" } });
  if (!started) return;
  const result = await callAction(engine, {
    path: job.name,
    args,
    call,
    allowInternal: true,
  });
  const state: JobState = result.ok
    ? { kind: "success" }
    : { kind: "failed", error: result.error.message };
  await finish(engine, job, "inProgress", state);
  report(engine, registered, result.logLines, result.ok ? null : result.error);
}

const NOTHING = { value: "null", logLines: [] };

/** Writes the end of a job, unless it has left the state meanwhile, as by being canceled. */
function finish(
  engine: Engine,
  job: ScheduledJob,
  from: JobState["kind"],
  state: JobState,
): Promise<boolean> {
  return move(engine, job, from, { state: { ...state }, completedTime: engine.now() });
}

async function move(
  engine: Engine,
  job: ScheduledJob,
  from: JobState["kind"],
  fields: { readonly state: { [field: string]: string }; readonly completedTime?: number },
): Promise<boolean> {
  const { value } = await engine.database.mutate({}, async (transaction) => {
    const isThere = readJob(transaction, job._id)?.state.kind === from;
    if (isThere) transaction.system.patch(job._id, { ...fields });
    return { value: JSON.stringify(isThere), logLines: [] };
  });
  return value === "true";
}

function report(
  engine: Engine,
  { path }: RegisteredFunction,
  logLines: FunctionFailure["logLines"],
  failure: FunctionError | null,
): void {
  logFor(engine, path.display, logLines);
  if (failure !== null) logFor(engine, path.display, [failure.message.trimEnd()]);
}

/** What was in progress when an earlier server ended will not be tried again. */
async function failInterrupted(engine: Engine): Promise<void> {
  await engine.database.mutate({}, async (transaction) => {
    for (const { _id } of dueJobs(transaction, "inProgress")) {
      const error = "The server ended while the action was running";
      transaction.system.patch(_id, {
        state: { kind: "failed", error },
        completedTime: engine.now(),
      });
    }
    return NOTHING;
  });
}

/** Deletes the jobs that ended more than seven days ago, some at a time. */
async function sweep(engine: Engine): Promise<void> {
  const upTo = engine.now() - KEPT_MS;
  let isMore = true;
  while (isMore) {
    isMore = false;
    await engine.database.mutate({}, async (transaction) => {
      const { system } = transaction;
      for (const kind of ["success", "failed", "canceled"]) {
        const rows = system.query(SCHEDULED_FUNCTIONS, "by_completion", {
          equal: [kind],
          upTo,
          limit: SWEPT_AT_ONCE,
        });
        for (const { _id } of rows) system.remove(String(_id));
        isMore ||= rows.length === SWEPT_AT_ONCE;
      }
      return NOTHING;
    });
  }
}
