import type { SystemTransaction } from "../data/embedded-database.js";
import type { Engine } from "./engine.js";

export interface Scheduler {
  /** Starts nothing new and waits for the jobs that run. */
  close(): Promise<void>;
}

/** A table of jobs, each of which has a time when it is due. */
export interface JobTable<Job extends { readonly _id: string; readonly name: string }> {
  readonly tableName: string;
  /** What a job is called in the log, as in `scheduled function`. */
  readonly noun: string;
  /** The earliest first; one that runs may be among them, and is passed over. */
  list(transaction: SystemTransaction, limit: number): readonly Job[];
  /** ms since epoch */
  dueAt(job: Job): number;
  /** Runs it and writes its end. Throws only by the server's own fault: it is then tried again. */
  run(job: Job): Promise<void>;
}

const MAX_PARALLEL = 8;
// Looks again at least this often, in case the machine slept or its clock was set.
const MAX_WAIT_MS = 60_000;
// After a failure of the server's own, such as a full disk.
const RETRY_MS = 1_000;

/**
 * Runs the jobs of a table when they are due: of each job one run at a time, of all at most eight.
 * Looks at once, after every commit that writes to the table, and when the next job is due.
 */
export function runWhenDue<Job extends { readonly _id: string; readonly name: string }>(
  { database, now, log }: Engine,
  table: JobTable<Job>,
): Scheduler {
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
      log(`Cannot look for the next ${table.noun}: ${String(error)}`);
    }
    timer = setTimeout(wake, waitMs).unref();
  };

  /** @returns How long until the next one, ms. */
  const startDue = (): number => {
    const transaction = database.beginQuery();
    try {
      for (const job of table.list(transaction, MAX_PARALLEL + running.size)) {
        if (running.size >= MAX_PARALLEL) break;
        if (running.has(job._id)) continue;
        const inMs = table.dueAt(job) - now();
        if (inMs > 0) return Math.min(MAX_WAIT_MS, inMs);
        start(job);
      }
      return MAX_WAIT_MS;
    } finally {
      transaction.close();
    }
  };

  const start = (job: Job): void => {
    const run = table
      .run(job)
      .catch(async (error: unknown) => {
        log(`Cannot run the ${table.noun} "${job.name}": ${String(error)}`);
        await new Promise((resolve) => setTimeout(resolve, isClosed ? 0 : RETRY_MS).unref());
      })
      .finally(() => {
        running.delete(job._id);
        wake();
      });
    running.set(job._id, run);
  };

  const unsubscribe = database.onCommit(({ writes }) => {
    if (writes.some(({ tableName }) => tableName === table.tableName)) setImmediate(wake);
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
