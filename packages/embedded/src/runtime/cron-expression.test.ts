import { expect, test } from "vitest";
import { nextCronTime, parseCronExpression } from "./cron-expression.js";

const next = (expression: string, after: string): string | null => {
  const time = nextCronTime(parseCronExpression(expression), Date.parse(after));
  return time === null ? null : new Date(time).toISOString();
};

// 2026-11-21 is a Saturday.
test.each([
  ["* * * * *", "2026-11-21T10:00:00Z", "2026-11-21T10:01:00.000Z"],
  ["* * * * *", "2026-11-21T10:00:59.999Z", "2026-11-21T10:01:00.000Z"],
  ["5 * * * *", "2026-11-21T10:05:00Z", "2026-11-21T11:05:00.000Z"],
  ["30 8 * * *", "2026-11-21T08:29:59Z", "2026-11-21T08:30:00.000Z"],
  ["30 8 * * *", "2026-12-31T09:00:00Z", "2027-01-01T08:30:00.000Z"],
  ["0 12 * * 1,5", "2026-11-21T00:00:00Z", "2026-11-23T12:00:00.000Z"],
  ["0 12 * * MON-FRI", "2026-11-21T00:00:00Z", "2026-11-23T12:00:00.000Z"],
  ["0 0 * * sun", "2026-11-21T00:00:00Z", "2026-11-22T00:00:00.000Z"],
  ["*/20 9-17/4 * * *", "2026-11-21T09:41:00Z", "2026-11-21T13:00:00.000Z"],
  ["50/5 * * * *", "2026-11-21T09:56:00Z", "2026-11-21T10:50:00.000Z"],
  ["0 0 31 * *", "2026-11-21T00:00:00Z", "2026-12-31T00:00:00.000Z"],
  ["0 0 29 2 *", "2026-11-21T00:00:00Z", "2028-02-29T00:00:00.000Z"],
  ["0 0 29 FEB *", "2096-03-01T00:00:00Z", "2104-02-29T00:00:00.000Z"],
  // A day of the month and one of the week: either is enough.
  ["0 0 25 * 1", "2026-11-21T00:00:00Z", "2026-11-23T00:00:00.000Z"],
  ["0 0 25 * 1", "2026-11-23T00:00:00Z", "2026-11-25T00:00:00.000Z"],
  ["0 0 30 2 *", "2026-11-21T00:00:00Z", null],
])("%s after %s: %s", (expression, after, expected) => {
  expect(next(expression, after)).toBe(expected);
});

test.each([
  ["* * * *", "expected 5 fields, got 4"],
  ["60 * * * *", 'expected minute from 0 to 59, got "60"'],
  ["* * 0 * *", 'expected day of the month from 1 to 31, got "0"'],
  ["* * * * 7", 'expected day of the week from 0 to 6, got "7"'],
  ["* * * FEBRUARY *", "expected month from 1 to 12"],
  ["5-1 * * * *", 'got "5-1"'],
  ["*/0 * * * *", 'got "*/0"'],
  ["*-5 * * * *", 'got "*-5"'],
  ["1,,2 * * * *", 'got ""'],
  ["-1 * * * *", 'got "-1"'],
  ["* * L * *", '"L" as day of the month of a cron expression is not supported'],
  ["* * * * 5#2", '"5#2" as day of the week of a cron expression is not supported'],
])("%j is refused: %s", (expression, message) => {
  expect(() => parseCronExpression(expression)).toThrow(message);
});
