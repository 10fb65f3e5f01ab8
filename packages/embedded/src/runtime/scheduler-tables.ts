import type { SystemTableIndexes } from "../data/embedded-database.js";
import { CRON_TABLES } from "./cron-tables.js";

/**
 * `_scheduled_functions`: one row for each scheduled call. Written by `ctx.scheduler` and by the
 * scheduler as the job moves on; read by functions through `db.system`; deleted by the scheduler
 * seven days after completion.
 */
export const SCHEDULED_FUNCTIONS = "_scheduled_functions";

/** The system tables that `openDatabase` has to make for `startRuntime`. */
export const SCHEDULER_TABLES: SystemTableIndexes = {
  ...CRON_TABLES,
  [SCHEDULED_FUNCTIONS]: {
    by_due: ["state.kind", "scheduledTime"],
    by_completion: ["state.kind", "completedTime"],
  },
};
