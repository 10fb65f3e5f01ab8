import { convexToJson, type GenericValidator, type Value, v } from "convex/values";
import { expect, test } from "vitest";
import { describeMismatch } from "./describe-mismatch.js";
import type { ValidatorJson } from "./validator.js";

const tableOfId = (id: string) => ({ u1: "users", m1: "messages" })[id] ?? null;

function describe(validator: GenericValidator, value: Value): string | null {
  const { json } = validator as unknown as { json: ValidatorJson };
  return describeMismatch(json, convexToJson(value), tableOfId);
}

test.each<[GenericValidator, Value]>([
  [v.any(), [1, { a: null }]],
  [v.null(), null],
  [v.number(), 1.5],
  [v.number(), Number.NaN],
  [v.int64(), 7n],
  [v.boolean(), false],
  [v.string(), ""],
  [v.bytes(), new ArrayBuffer(2)],
  [v.id("users"), "u1"],
  [v.literal("a"), "a"],
  [v.literal(3n), 3n],
  [v.array(v.string()), ["a", "b"]],
  [v.record(v.string(), v.number()), { a: 1, b: 2 }],
  [v.object({ a: v.string(), b: v.optional(v.string()) }), { a: "x" }],
  [v.union(v.null(), v.object({ a: v.number() })), { a: 1 }],
])("%# is taken", (validator, value) => {
  expect(describe(validator, value)).toBeNull();
});

test("a missing field is named, with the object and the validator", () => {
  expect(describe(v.object({ name: v.string(), n: v.optional(v.number()) }), { n: 1 })).toBe(
    [
      "Object is missing the required field `name`. Consider wrapping the field validator in `v.optional(...)` if this is expected.",
      "",
      "Object: {n: 1.0}",
      "Validator: v.object({name: v.string(), n: v.optional(v.float64())})",
    ].join("\n"),
  );
});

test("an extra field is named, with its path", () => {
  expect(describe(v.object({ a: v.array(v.object({})) }), { a: [{}, { b: "x" }] })).toBe(
    [
      "Object contains extra field `b` that is not in the validator.",
      "Path: .a[1]",
      'Object: {b: "x"}',
      "Validator: v.object({})",
    ].join("\n"),
  );
});

test("a field named like a property of every object is not taken for one that is there", () => {
  expect(describe(v.object({ toString: v.string() }), {})).toContain("`toString`");
  expect(describe(v.object({}), { constructor: 1 })).toContain("`constructor`");
});

test("a wrong type shows path, value and validator", () => {
  expect(describe(v.object({ age: v.number() }), { age: 7n })).toBe(
    ["Value does not match validator.", "Path: .age", "Value: 7n", "Validator: v.float64()"].join(
      "\n",
    ),
  );
});

test("a union that nothing fits is shown whole", () => {
  expect(describe(v.union(v.literal("a"), v.object({ b: v.null() })), { b: 1 })).toBe(
    [
      "Value does not match validator.",
      "",
      "Value: {b: 1.0}",
      'Validator: v.union(v.literal("a"), v.object({b: v.null()}))',
    ].join("\n"),
  );
});

test("a wrong literal shows both", () => {
  expect(describe(v.object({ kind: v.literal("a") }), { kind: "b" })).toBe(
    '`"b"` does not match literal validator `v.literal("a")`.\nPath: .kind',
  );
});

test("an id of another table names both tables", () => {
  expect(describe(v.object({ author: v.id("users") }), { author: "m1" })).toBe(
    'Found ID "m1" from table `messages`, which does not match the table name in validator `v.id("users")`.\nPath: .author',
  );
});

test("text that is no id does not fit v.id", () => {
  expect(describe(v.id("users"), "nobody")).toBe(
    ["Value does not match validator.", "", 'Value: "nobody"', 'Validator: v.id("users")'].join(
      "\n",
    ),
  );
});
