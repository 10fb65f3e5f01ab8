import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { nextOpening } from "./window.js";

const zone = process.env.TZ;
beforeAll(() => {
  process.env.TZ = "Europe/Berlin";
});
afterAll(() => {
  if (zone === undefined) delete process.env.TZ;
  else process.env.TZ = zone;
});

/** Local time in Berlin. */
const at = (text: string) => new Date(text).getTime();

describe("nextOpening()", () => {
  test.each([
    ["always, without a window", null, "2026-06-01T12:00", "2026-06-01T12:00"],
    ["now, at its first minute", "02:00-04:00", "2026-06-01T02:00", "2026-06-01T02:00"],
    ["now, in its last minute", "02:00-04:00", "2026-06-01T03:59", "2026-06-01T03:59"],
    ["tomorrow, once it is over", "02:00-04:00", "2026-06-01T04:00", "2026-06-02T02:00"],
    ["today, before it", "02:00-04:00", "2026-06-01T01:00", "2026-06-01T02:00"],
    [
      "now, before midnight in one over midnight",
      "22:00-06:00",
      "2026-06-01T23:00",
      "2026-06-01T23:00",
    ],
    [
      "now, after midnight in one over midnight",
      "22:00-06:00",
      "2026-06-01T05:00",
      "2026-06-01T05:00",
    ],
    ["in the evening, in the day between", "22:00-06:00", "2026-06-01T12:00", "2026-06-01T22:00"],
    ["on the first of a month", "02:00-04:00", "2026-06-30T12:00", "2026-07-01T02:00"],
    // 29 March 2026: 02:00 to 03:00 does not exist.
    [
      "row 23: at the same wall time over the night of summer time",
      "04:00-05:00",
      "2026-03-28T12:00",
      "2026-03-29T04:00",
    ],
    [
      "row 23: an hour later in a window that summer time swallows",
      "02:00-02:30",
      "2026-03-28T12:00",
      "2026-03-29T03:00",
    ],
    // 25 October 2026: 02:00 to 03:00 comes twice.
    [
      "row 23: at the first of two equal times in autumn",
      "02:00-03:00",
      "2026-10-24T12:00",
      "2026-10-25T02:00",
    ],
  ])("opens %s", (_, window, now, opens) => {
    expect(new Date(nextOpening(window, at(now))).toISOString()).toBe(
      new Date(at(opens)).toISOString(),
    );
  });

  test("row 23: a window that comes twice in autumn is open both times", () => {
    const first = at("2026-10-25T02:30");
    expect(nextOpening("02:00-03:00", first)).toBe(first);
    expect(nextOpening("02:00-03:00", first + 3_600_000)).toBe(first + 3_600_000);
    expect(new Date(first + 3_600_000).getHours()).toBe(2);
  });
});
