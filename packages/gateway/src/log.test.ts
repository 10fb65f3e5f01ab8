import { expect, test } from "vitest";
import { createLog } from "./log.js";

test("createLog() writes what its level takes, and has no function for the rest", () => {
  const lines: string[] = [];
  const log = createLog({ level: "warn", write: (line) => lines.push(line) });
  log.error?.("one");
  log.warn?.("two");
  log.info?.("three");
  expect(lines).toEqual(["ERROR: one", "WARN: two"]);
  expect(log.debug).toBe(undefined);
  expect(createLog({ level: "silent" })).toEqual({});
});

test("a name cannot begin a line of its own, nor move a terminal's cursor", () => {
  const lines: string[] = [];
  createLog({ write: (line) => lines.push(line) }).info?.("a\nERROR: b\u001b[2J\u202e");
  expect(lines).toEqual(["INFO: a\\u000aERROR: b\\u001b[2J\\u202e"]);
});

test("as JSON, a line has its time", () => {
  const lines: string[] = [];
  createLog({ json: true, now: () => 0, write: (line) => lines.push(line) }).info?.("a\nb");
  expect(lines).toEqual(['{"at":"1970-01-01T00:00:00.000Z","level":"info","message":"a\\nb"}']);
});
