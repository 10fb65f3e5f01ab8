import fc from "fast-check";
import { expect, test } from "vitest";
import { equalSecrets } from "./equal-secrets.js";

test("equalSecrets() is equality", () => {
  const text = fc.string({ unit: "grapheme" });
  fc.assert(
    fc.property(text, text, (given, expected) => {
      expect(equalSecrets(given, expected)).toBe(given === expected);
      expect(equalSecrets(expected, expected)).toBe(true);
    }),
  );
});

test.each([
  ["", "x"],
  ["x", ""],
  ["xx", "x"],
  ["x", "xx"],
  ["abcabc", "abc"],
  ["\u00e5", "a\u030a"],
])("equalSecrets(%j, %j) is false", (given, expected) => {
  expect(equalSecrets(given, expected)).toBe(false);
});
