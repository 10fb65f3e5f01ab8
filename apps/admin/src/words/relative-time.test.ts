import { expect, test } from "vitest";
import { relativeTime } from "./relative-time.js";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const NOW = Date.UTC(2026, 10, 20, 12);

test.each([
  { age: 0, words: "just now" },
  { age: 4_999, words: "just now" },
  { age: 5 * SECOND, words: "5 seconds ago" },
  { age: 59_999, words: "59 seconds ago" },
  { age: MINUTE, words: "1 minute ago" },
  { age: HOUR - 1, words: "59 minutes ago" },
  { age: HOUR, words: "1 hour ago" },
  { age: DAY - 1, words: "23 hours ago" },
  { age: DAY, words: "1 day ago" },
  { age: 7 * DAY - 1, words: "6 days ago" },
  { age: 7 * DAY, words: "1 week ago" },
  { age: 35 * DAY - 1, words: "4 weeks ago" },
])("a moment $age ms ago is “$words”", ({ age, words }) => {
  expect(relativeTime(NOW - age, NOW)).toBe(words);
});

test("a moment five weeks ago is its date", () => {
  expect(relativeTime(NOW - 35 * DAY, NOW)).toBe("Oct 16, 2026");
});

test("a moment ahead of this clock is “just now”", () => {
  expect(relativeTime(NOW + DAY, NOW)).toBe("just now");
});
