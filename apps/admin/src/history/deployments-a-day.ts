import type { Deployment } from "../ledger.js";
import { isTaken } from "../ledger.js";

export interface Day {
  /** Local midnight at its start, ms since epoch. */
  readonly startsAt: number;
  readonly deploys: number;
  readonly rollbacks: number;
}

/**
 * Counts a target's taken records by local day, oldest day first.
 *
 * @param rows The history, newest first.
 * @param isComplete False if older rows are not loaded; the oldest day, of which a part may be
 *   missing, is then left out.
 * @param days How many days at most, today included.
 */
export function deploymentsADay(
  rows: readonly Deployment[],
  { now, days, isComplete }: { now: number; days: number; isComplete: boolean },
): Day[] {
  const oldest = rows.at(-1)?.deployedAt ?? now;
  const from = isComplete ? -Infinity : dayStart(oldest, 1);
  const result: Day[] = [];
  for (let back = days - 1; back >= 0; back--) {
    const startsAt = dayStart(now, -back);
    if (startsAt < from) continue;
    const endsAt = dayStart(now, 1 - back);
    const taken = rows.filter(
      (row) => isTaken(row) && row.deployedAt >= startsAt && row.deployedAt < endsAt,
    );
    const rollbacks = taken.filter(({ kind }) => kind === "rollback").length;
    result.push({ startsAt, deploys: taken.length - rollbacks, rollbacks });
  }
  return result;
}

/** Local midnight, some days away. By the calendar, because a day may have 23 or 25 hours. */
function dayStart(at: number, daysAway: number): number {
  const day = new Date(at);
  day.setHours(0, 0, 0, 0);
  day.setDate(day.getDate() + daysAway);
  return day.getTime();
}
