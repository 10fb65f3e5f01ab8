import { createHash } from "node:crypto";
import type { EncodedValue } from "../contract.js";
import { nextCronTime, parseCronExpression } from "./cron-expression.js";
import { parseFunctionPath } from "./function-path.js";
import type { RegisteredFunction } from "./registered-function.js";

/** One job of `crons.ts`. */
export interface CronSpec {
  readonly name: string;
  /** `module.js:function` */
  readonly functionName: string;
  /** An array with one object. */
  readonly args: EncodedValue;
  readonly schedule: CronSchedule;
}

/** When it runs: every so often, or at the times of a cron expression in UTC. */
export type CronSchedule =
  | { readonly type: "interval"; readonly ms: number }
  | { readonly type: "cron"; readonly expression: string };

/** What `convex/server` writes into `crons.crons`. */
interface ExportedCron {
  readonly name: string;
  readonly args: EncodedValue;
  readonly schedule: { readonly type: string; readonly [field: string]: number | string };
}

/**
 * Reads what `crons.ts` exports by default.
 *
 * @throws {Error} If it is not `cronJobs()`, or if a job can never run.
 */
export function readCrons(
  exported: unknown,
  functions: ReadonlyMap<string, RegisteredFunction>,
): CronSpec[] {
  const isCrons =
    typeof exported === "object" &&
    exported !== null &&
    "isCrons" in exported &&
    "export" in exported &&
    typeof exported.export === "function";
  if (!isCrons) throw new Error("The default export of `convex/crons.ts` is not cronJobs()");
  // Called on its own object: it reads its own fields.
  const crons = JSON.parse((exported as { export(): string }).export()) as {
    readonly [name: string]: ExportedCron;
  };
  return Object.entries(crons).map(([name, cron]) => readCron(name, cron, functions));
}

function readCron(
  name: string,
  cron: ExportedCron,
  functions: ReadonlyMap<string, RegisteredFunction>,
): CronSpec {
  const { identifier } = parseFunctionPath(cron.name);
  const type = functions.get(identifier)?.type;
  if (type !== "Mutation" && type !== "Action") {
    throw new Error(
      `Cannot schedule the cron job "${name}": expected "${identifier}" to be a mutation or an action, got ${type ?? "none"}`,
    );
  }
  const schedule = readSchedule(name, cron.schedule);
  if (schedule.type === "cron") {
    try {
      const next = nextCronTime(parseCronExpression(schedule.expression), 0);
      if (next === null) throw new RangeError(`"${schedule.expression}" names no day`);
    } catch (error) {
      throw new Error(`Cannot schedule the cron job "${name}": ${(error as Error).message}`, {
        cause: error,
      });
    }
  }
  return { name, functionName: identifier, args: cron.args, schedule };
}

function readSchedule(name: string, schedule: ExportedCron["schedule"]): CronSchedule {
  const { type, day, dayOfWeek, hourUTC } = schedule;
  // The same minute at every push, and not the same for all: nobody asked for a certain one.
  const minute = schedule.minuteUTC ?? createHash("sha256").update(name).digest()[0] ?? 0;
  const at = `${Number(minute) % 60}`;
  switch (type) {
    case "interval": {
      const { seconds = 0, minutes = 0, hours = 0 } = schedule;
      const total = Number(seconds) + 60 * Number(minutes) + 3_600 * Number(hours);
      return { type, ms: 1_000 * total };
    }
    case "hourly":
      return { type: "cron", expression: `${at} * * * *` };
    case "daily":
      return { type: "cron", expression: `${at} ${hourUTC} * * *` };
    case "weekly":
      return { type: "cron", expression: `${at} ${hourUTC} * * ${String(dayOfWeek).slice(0, 3)}` };
    case "monthly":
      return { type: "cron", expression: `${at} ${hourUTC} ${day} * *` };
    case "cron":
      return { type, expression: String(schedule.cron) };
    default:
      throw new Error(`Cannot schedule the cron job "${name}": unknown schedule "${type}"`);
  }
}

/**
 * Says when a job runs next.
 *
 * @param previous Its last scheduled time, ms since epoch, as all here; null before the first.
 * @returns For an interval without a previous time, now.
 */
export function nextRun(schedule: CronSchedule, previous: number | null, now: number): number {
  if (schedule.type === "interval") return previous === null ? now : previous + schedule.ms;
  const next = nextCronTime(parseCronExpression(schedule.expression), previous ?? now);
  if (next === null) throw new RangeError(`"${schedule.expression}" names no day`);
  return next;
}

/** As {@link nextRun} after a run, less the times that have passed meanwhile. */
export function nextRunFrom(schedule: CronSchedule, previous: number, now: number): number {
  const next = nextRun(schedule, previous, now);
  if (next >= now) return next;
  if (schedule.type === "cron") return nextRun(schedule, now - 1, now);
  return next + Math.ceil((now - next) / schedule.ms) * schedule.ms;
}
