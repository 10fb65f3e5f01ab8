import { convexToJson, getConvexSize, type Value } from "convex/values";
import { expect, test } from "vitest";
import type { EncodedValue } from "../contract.js";
import { checkValue } from "./check-value.js";

test.each<Value>([
  null,
  true,
  1,
  1n,
  "é\u{10000}",
  new ArrayBuffer(3),
  [],
  ["a", [1]],
  {},
  { a: { b: [null, 2n] }, c: "x" },
  Number.NaN,
])("value %# has the size that the client reckons", (value) => {
  expect(checkValue(convexToJson(value)).size).toBe(getConvexSize(value));
});

function nested(levels: number): EncodedValue {
  return levels === 0 ? 1 : [nested(levels - 1)];
}

test("nesting counts arrays and objects", () => {
  expect(checkValue(1).nesting).toBe(0);
  expect(checkValue({ a: [1] }).nesting).toBe(2);
  expect(checkValue(nested(64)).nesting).toBe(64);
});

test.each<[string, EncodedValue]>([
  ["Value is too nested (nested 65 levels deep > maximum nesting 64)", nested(65)],
  ["Array length is too long (8193 > maximum length 8192)", new Array(8193).fill(null)],
  [
    "Object has too many fields (1025 > maximum number 1024)",
    Object.fromEntries(Array.from({ length: 1025 }, (_, index) => [`f${index}`, null])),
  ],
  ["starts with a '$', which is reserved", { a: 1, $b: 2 }],
  ["is reserved", { $set: 1, b: 2 }],
  ["is reserved or malformed", { $map: [] }],
  ["non-control ASCII characters", { "a\n": 1 }],
  ["exceeds maximum field name length 1024", { ["a".repeat(1025)]: 1 }],
  ["expected 8 for $integer", { $integer: "AA==" }],
  ["should be encoded as a number", { $float: "AAAAAAAA8D8=" }],
  ["lone surrogate", "\ud800"],
])("refuses: %s", (message, value) => {
  expect(() => checkValue(value)).toThrow(message);
});
