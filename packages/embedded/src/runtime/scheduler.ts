/**
 * Runs what `ctx.scheduler` has written down, when it is due (see run-job.ts for how often), and
 * deletes it seven days after its end.
 */
import type { SystemTransaction } from "../data/embedded-database.js";
import { changeRows } from "./change-rows.js";
import type { Engine } from "./engine.js";
import { findFunction } from "./find-function.js";
import { FunctionError } from "./function-error.js";
import type { RegisteredFunction } from "./registered-function.js";
import { runJob } from "./run-job.js";
import { runWhenDue, type Scheduler } from "./run-when-due.js";
import { dueJobs, type JobState, readJob, type ScheduledJob } from "./scheduled-job.js";
import { SCHEDULED_FUNCTIONS } from "./scheduler-tables.js";

const KEPT_MS = 7 * 24 * 60 * 60 * 1_000;
const SWEEP_MS = 60 * 60 * 1_000;
const SWEPT_AT_ONCE = 1_000;

/** Starts with the jobs that came due while the server was down. */
export async function startScheduler(engine: Engine): Promise<Scheduler> {
  await failInterrupted(engine);
  await sweep(engine);
  const sweeper = setInterval(() => {
    sweep(engine).catch((error: unknown) => engine.log(`Cannot delete old jobs: ${String(error)}`));
  }, SWEEP_MS).unref();
  const loop = runWhenDue(engine, {
    tableName: SCHEDULED_FUNCTIONS,
    noun: "scheduled function",
    list: (transaction, limit) => dueJobs(transaction, "pending", { limit }),
    dueAt: ({ scheduledTime }: ScheduledJob) => scheduledTime,
    run: (job) => runScheduled(engine, job),
  });
  return {
    close() {
      clearInterval(sweeper);
      return loop.close();
    },
  };
}

async function runScheduled(engine: Engine, job: ScheduledJob): Promise<void> {
  const { _id: jobId, args } = job;
  let registered: RegisteredFunction;
  try {
    registered = findRunnable(engine, job.name);
  } catch (error) {
    if (!(error instanceof FunctionError)) throw error;
    const { message } = error;
    await changeRows(engine, (transaction) => {
      move(transaction, jobId, "pending", ended(engine, { kind: "failed", error: message }));
    });
    return;
  }
  await runJob(engine, {
    registered,
    args,
    jobId,
    begin: (transaction) => move(transaction, jobId, "pending", { state: { kind: "inProgress" } }),
    end(transaction, failure) {
      const state: JobState =
        failure === null ? { kind: "success" } : { kind: "failed", error: failure.message };
      move(transaction, jobId, "inProgress", ended(engine, state));
    },
  });
}

function findRunnable(engine: Engine, name: string): RegisteredFunction {
  const registered = findFunction(engine.code, name, { allowInternal: true });
  if (registered.type !== "Query") return registered;
  throw new FunctionError(`Cannot schedule ${name}: it is defined as Query`);
}

interface Progress {
  readonly state: { [field: string]: string };
  readonly completedTime?: number;
}

function ended(engine: Engine, state: JobState): Progress {
  return { state: { ...state }, completedTime: engine.now() };
}

/** @returns False if the job has left the state meanwhile, as by being canceled. */
function move(
  transaction: SystemTransaction,
  jobId: string,
  from: JobState["kind"],
  progress: Progress,
): boolean {
  const isThere = readJob(transaction, jobId)?.state.kind === from;
  if (isThere) transaction.system.patch(jobId, { ...progress });
  return isThere;
}

/** What was in progress when an earlier server ended will not be tried again. */
async function failInterrupted(engine: Engine): Promise<void> {
  const error = "The server ended while the action was running";
  await changeRows(engine, (transaction) => {
    for (const { _id } of dueJobs(transaction, "inProgress")) {
      move(transaction, _id, "inProgress", ended(engine, { kind: "failed", error }));
    }
  });
}

/** Deletes the jobs that ended more than seven days ago, some at a time. */
async function sweep(engine: Engine): Promise<void> {
  const upTo = engine.now() - KEPT_MS;
  let isMore = true;
  while (isMore) {
    isMore = await changeRows(engine, ({ system }) => {
      const ends = ["success", "failed", "canceled"].map((kind) =>
        system.query(SCHEDULED_FUNCTIONS, "by_completion", {
          equal: [kind],
          upTo,
          limit: SWEPT_AT_ONCE,
        }),
      );
      for (const { _id } of ends.flat()) system.remove(String(_id));
      return ends.some((rows) => rows.length === SWEPT_AT_ONCE);
    });
  }
}
