import { expect, test } from "vitest";
import { countdown } from "./countdown.js";

/** Calls four times a second, as the toast does; gives what is left at the end. */
function run(
  tick: ReturnType<typeof countdown>,
  fromMs: number,
  toMs: number,
  { isHeld = false, isHidden = false } = {},
): number {
  let leftMs = Number.NaN;
  for (let now = fromMs + 250; now <= toMs; now += 250) leftMs = tick(now, isHeld, isHidden);
  return leftMs;
}

test("counting + 30 s -> over, by the clock and not by the number of calls", () => {
  expect(run(countdown(30_000, 0), 0, 30_000)).toBe(0);
  const tick = countdown(30_000, 0);
  for (let now = 0; now < 4_000; now += 50) tick(now, false, false);
  expect(tick(4_000, false, false)).toBe(26_000);
});

test("counting + held -> standing, for as long as it lasts, then the same time left", () => {
  const tick = countdown(30_000, 0);
  expect(run(tick, 0, 25_000)).toBe(5_000);
  expect(run(tick, 25_000, 3_600_000, { isHeld: true })).toBe(5_000);
  expect(run(tick, 3_600_000, 3_601_000)).toBe(4_000);
});

test("counting + hidden for 10 minutes -> at least 20 s are left on return", () => {
  const tick = countdown(30_000, 0);
  expect(run(tick, 0, 28_000)).toBe(2_000);
  run(tick, 28_000, 628_000, { isHidden: true });
  expect(tick(628_250, false, false)).toBe(20_000);
  expect(run(tick, 628_250, 648_250)).toBe(0);
});

test("what was left is not less for having been away", () => {
  const tick = countdown(30_000, 0);
  expect(run(tick, 0, 3_000)).toBe(27_000);
  run(tick, 3_000, 600_000, { isHidden: true });
  expect(tick(600_250, false, false)).toBe(27_000);
});

test("a machine that slept, which calls nobody meanwhile, was away too", () => {
  const tick = countdown(30_000, 0);
  run(tick, 0, 28_000);
  expect(tick(3_600_000, false, false)).toBe(20_000);
});

test("a countdown shorter than 20 s does not grow by being away", () => {
  const tick = countdown(10_000, 0);
  run(tick, 0, 9_000);
  expect(tick(600_000, false, false)).toBe(10_000);
});

test("a clock that is set back gives no time, and takes none", () => {
  const tick = countdown(30_000, 100_000);
  expect(tick(101_000, false, false)).toBe(29_000);
  expect(tick(50_000, false, false)).toBe(29_000);
  expect(tick(51_000, false, false)).toBe(28_000);
});
