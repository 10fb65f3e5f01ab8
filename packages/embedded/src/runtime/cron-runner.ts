/** Runs the jobs of `crons.ts` when they are due; see run-job.ts for how often. */
import { isDeepStrictEqual } from "node:util";
import type { SystemTransaction } from "../data/embedded-database.js";
import { changeRows } from "./change-rows.js";
import { nextRunFrom } from "./cron-spec.js";
import { CRON_JOBS, type CronJob, cronJobs, readCronJob } from "./cron-tables.js";
import type { Engine } from "./engine.js";
import { findFunction } from "./find-function.js";
import { runJob } from "./run-job.js";
import { runWhenDue, type Scheduler } from "./run-when-due.js";

/** Starts with the jobs that came due while the server was down: each runs once. */
export async function startCronRunner(engine: Engine): Promise<Scheduler> {
  await completeInterrupted(engine);
  return runWhenDue(engine, {
    tableName: CRON_JOBS,
    noun: "cron job",
    // All, as an action that is in progress keeps its time and its place.
    list: cronJobs,
    dueAt: ({ nextTime }: CronJob) => nextTime,
    run: (job) => runCron(engine, job),
  });
}

async function runCron(engine: Engine, job: CronJob): Promise<void> {
  const started: CronJob = { ...job, state: "inProgress" };
  await runJob(engine, {
    // That there is one was seen to when the functions were loaded.
    registered: findFunction(engine.code, job.functionName, { allowInternal: true }),
    args: job.args,
    begin(transaction) {
      const isAsListed = isUnchanged(transaction, job);
      if (isAsListed) transaction.system.patch(job._id, { state: "inProgress" });
      return isAsListed;
    },
    end(transaction) {
      // Its schedule may be another by now; that it runs no more has to be said all the same.
      const stored = readCronJob(transaction, job._id);
      if (isUnchanged(transaction, started)) complete(engine, transaction, started);
      else if (stored !== null) transaction.system.patch(job._id, { state: "pending" });
    },
  });
}

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

/** What was in progress when an earlier server ended will not be tried again. */
async function completeInterrupted(engine: Engine): Promise<void> {
  await changeRows(engine, (transaction) => {
    for (const job of cronJobs(transaction)) {
      if (job.state !== "inProgress") continue;
      engine.log(`The server ended while the cron job "${job.name}" was running`);
      complete(engine, transaction, job);
    }
  });
}
