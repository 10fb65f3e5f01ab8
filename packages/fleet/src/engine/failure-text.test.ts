import { expect, test } from "vitest";
import { failureText } from "./failure-text.js";

const detail = '"nats" ended with exit code 3';

test.each([
  ["a sentence alone", [], detail],
  ["a sentence and its lines", ["one", "two"], `${detail}\none\ntwo`],
])("%s", (_, log, text) => {
  expect(failureText({ detail, log })).toBe(text);
});

test("of many lines the newest are kept, whole, within 1,000 characters", () => {
  const log = Array.from({ length: 50 }, (_, index) => `line ${index} ${"x".repeat(40)}`);
  const text = failureText({ detail, log });
  expect(text.length).toBeLessThanOrEqual(1_000);
  const lines = text.split("\n");
  expect(lines[0]).toBe(detail);
  expect(lines.slice(1)).toEqual(log.slice(-(lines.length - 1)));
  expect(lines.length).toBeGreaterThan(15);
});

test("of a line that is too long its beginning is kept", () => {
  const text = failureText({ detail, log: ["y".repeat(5_000)] });
  expect(text).toHaveLength(1_000);
  expect(text.endsWith("y…")).toBe(true);
});
