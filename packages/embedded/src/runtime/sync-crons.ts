import { isDeepStrictEqual } from "node:util";
import { changeRows } from "./change-rows.js";
import { type CronSpec, nextRun } from "./cron-spec.js";
import { CRON_JOBS, cronJobs, storedSpec } from "./cron-tables.js";
import type { Engine } from "./engine.js";

/**
 * Makes the stored jobs those of the loaded code. One that is unchanged keeps when it runs next;
 * one whose schedule has changed starts anew from its last run.
 */
export async function syncCrons(engine: Engine, specs: readonly CronSpec[]): Promise<void> {
  const { now } = engine;
  await changeRows(engine, (transaction) => {
    const { system } = transaction;
    const stored = new Map(cronJobs(transaction).map((job) => [job.name, job]));
    for (const spec of specs) {
      const job = stored.get(spec.name);
      stored.delete(spec.name);
      if (job === undefined) {
        const nextTime = nextRun(spec.schedule, null, now());
        const state = { previousTime: null, nextTime, state: "pending" };
        system.insert(CRON_JOBS, { ...storedSpec(spec), ...state });
        continue;
      }
      const isSameTime = isDeepStrictEqual(job.schedule, spec.schedule);
      if (isSameTime && isDeepStrictEqual(storedSpec(job), storedSpec(spec))) continue;
      const nextTime = isSameTime ? job.nextTime : nextRun(spec.schedule, job.previousTime, now());
      system.patch(job._id, { ...storedSpec(spec), nextTime });
    }
    for (const { _id } of stored.values()) system.remove(_id);
  });
}
