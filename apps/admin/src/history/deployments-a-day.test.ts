import { expect, test } from "vitest";
import type { Deployment } from "../ledger.js";
import { sampleDeployment } from "../sample-rows.js";
import { deploymentsADay } from "./deployments-a-day.js";

const NOON = at(20);

/** A moment of November 2026 by the local calendar. */
function at(day: number, hour = 12, minute = 0): number {
  return new Date(2026, 10, day, hour, minute).getTime();
}

const row = (deployedAt: number, parts: Partial<Deployment> = {}) =>
  sampleDeployment({ deployedAt, status: "replaced", ...parts });

/** Each day as "date of the month: deploys+rollbacks". */
function counts(rows: Deployment[], { days = 3, isComplete = true } = {}): string[] {
  return deploymentsADay(rows, { now: NOON, days, isComplete }).map(
    ({ startsAt, deploys, rollbacks }) =>
      `${new Date(startsAt).getDate()}: ${deploys}+${rollbacks}`,
  );
}

test.each([
  { name: "days without a record are there", rows: [], days: ["18: 0+0", "19: 0+0", "20: 0+0"] },
  {
    name: "a day begins at midnight and ends before the next",
    rows: [row(at(20, 0)), row(at(19, 23, 59)), row(at(19, 0)), row(at(18, 23, 59))],
    days: ["18: 1+0", "19: 2+0", "20: 1+0"],
  },
  {
    name: "rollbacks are counted apart",
    rows: [row(at(20), { kind: "rollback" }), row(at(20))],
    days: ["18: 0+0", "19: 0+0", "20: 1+1"],
  },
  {
    name: "what was not taken does not count",
    rows: [row(at(20), { status: "refused" }), row(at(20), { status: "superseded" })],
    days: ["18: 0+0", "19: 0+0", "20: 0+0"],
  },
  {
    name: "what is older than the first day does not count",
    rows: [row(at(20)), row(at(17))],
    days: ["18: 0+0", "19: 0+0", "20: 1+0"],
  },
])("$name", ({ rows, days }) => {
  expect(counts(rows)).toEqual(days);
});

test("the oldest loaded day is left out while a part of it may be missing", () => {
  const rows = [row(at(20)), row(at(19)), row(at(18))];
  expect(counts(rows, { isComplete: false })).toEqual(["19: 1+0", "20: 1+0"]);
});

test("days start at local midnight, however long they are", () => {
  // In many places the clocks went back on 25 October or on 1 November 2026.
  const days = deploymentsADay([], { now: NOON, days: 40, isComplete: true });
  expect(days.map(({ startsAt }) => new Date(startsAt).getHours())).toEqual(Array(40).fill(0));
});
