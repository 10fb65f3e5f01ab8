import { expect, test } from "vitest";
import { countDown } from "./countdown.js";

/** A countdown that is called four times a second, as the toast does. */
class Counting {
  leftMs: number;

  constructor(
    readonly totalMs: number,
    private at = 0,
  ) {
    this.leftMs = totalMs;
  }

  /** Calls once, at a time by the clock; gives what is left then. */
  tick(now: number, isHeld = false, isHidden = false): number {
    this.leftMs = countDown(this.leftMs, this.totalMs, now - this.at, isHeld, isHidden);
    this.at = now;
    return this.leftMs;
  }

  runTo(end: number, { isHeld = false, isHidden = false } = {}): number {
    while (this.at < end) this.tick(this.at + 250, isHeld, isHidden);
    return this.leftMs;
  }
}

test("counting + 30 s -> over, by the clock and not by the number of calls", () => {
  expect(new Counting(30_000).runTo(30_000)).toBe(0);
  const counting = new Counting(30_000);
  for (let now = 0; now < 4_000; now += 50) counting.tick(now);
  expect(counting.tick(4_000)).toBe(26_000);
});

test("counting + held -> standing, for as long as it lasts, then the same time left", () => {
  const counting = new Counting(30_000);
  expect(counting.runTo(25_000)).toBe(5_000);
  expect(counting.runTo(3_600_000, { isHeld: true })).toBe(5_000);
  expect(counting.runTo(3_601_000)).toBe(4_000);
});

test.each([250, 1_000, 4_999])(
  "counting + hidden for 10 minutes -> at least 20 s are left, however late the next call: %i ms",
  (lateMs) => {
    const counting = new Counting(30_000);
    expect(counting.runTo(28_000)).toBe(2_000);
    counting.runTo(628_000, { isHidden: true });
    expect(counting.tick(628_000 + lateMs)).toBeGreaterThanOrEqual(20_000);
  },
);

test("what was left is not less for having been away", () => {
  const counting = new Counting(30_000);
  expect(counting.runTo(2_000)).toBe(28_000);
  expect(counting.runTo(600_000, { isHidden: true })).toBe(28_000);
});

test("a machine that slept, which calls nobody meanwhile, was away too", () => {
  const counting = new Counting(30_000);
  counting.runTo(28_000);
  expect(counting.tick(3_600_000)).toBe(25_000);
});

test("a countdown shorter than 20 s does not grow by being away", () => {
  const counting = new Counting(10_000);
  counting.runTo(9_000);
  expect(counting.tick(600_000)).toBe(10_000);
});

test("a clock that is set back takes no time, and does not make it last for ever", () => {
  const counting = new Counting(30_000, 3_600_000);
  counting.tick(3_601_000);
  expect(counting.tick(50_000)).toBe(29_000);
  expect(counting.tick(51_000)).toBe(28_000);
});
