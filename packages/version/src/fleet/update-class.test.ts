import { expect, test } from "vitest";
import { updateClass } from "./update-class.js";

test.each([
  ["2.10.24", "2.10.25", "patch"],
  ["2.10.25", "2.11.0", "minor"],
  ["2.11.0", "3.0.0", "major"],
  ["2.10.25", "2.10.24", "patch"],
  ["3.0.0", "2.11.0", "major"],
  ["2.10.25", "2.10.25", "patch"],
  ["2.10.25+b1", "2.10.25+b2", "patch"],
  ["0.4.1", "0.4.2", "minor"],
  ["0.4.1", "0.5.0", "major"],
  ["0.9.0", "1.0.0", "major"],
  ["0.0.1", "0.0.2", "minor"],
  ["0.4.1", "0.4.1", "patch"],
  ["3.0.0-rc.1", "3.0.0", "major"],
  ["3.0.0-rc.1", "3.0.0-rc.2", "major"],
  ["2.11.0-rc.1", "2.11.0", "minor"],
  ["2.10.25-rc.1", "2.10.25", "patch"],
  ["2.10.24", "2.10.25-rc.1", "patch"],
  ["2.11.0", "3.0.0-rc.1", "major"],
] as const)("from %s to %s is %s", (from, to, expected) => {
  expect(updateClass(from, to)).toBe(expected);
});

test.each([
  ["v2.10.24", "2.10.25"],
  ["2.10.24", "v2.10.25"],
  ["1d6f7ea", "2.10.25"],
  ["2.10.24", "2.10"],
  ["", "1.0.0"],
  ["1.0.0", " 1.0.1"],
  ["1.0.0", "01.0.1"],
])("from %j to %j a person decides", (from, to) => {
  expect(updateClass(from, to)).toBeNull();
});
