import { compareValues, convexToJson, type Value } from "convex/values";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { EncodedValue } from "../contract.js";
import { compareEncoded } from "./compare.js";
import {
  afterKey,
  afterPrefix,
  keyFromBytes,
  keyOfValue,
  keyOfValues,
  keyToBytes,
} from "./index-key.js";

const text = fc.oneof(
  fc.string(),
  fc.string({ unit: "binary" }),
  fc.constantFrom("", "\0", "a", "a\0", "a\0\0", "a\x01", "é", "\u{10000}", "\uffff"),
);
const fieldName = fc.string({ unit: fc.constantFrom("a", "b", "Z", "_", "0") });

const { value: anyValue } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constant(null),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.constantFrom(0n, -1n, 1n, 255n, 256n),
    fc.double(),
    fc.constantFrom(0, -0, 1, -1, Number.NaN, Number.POSITIVE_INFINITY),
    fc.boolean(),
    text,
    fc.uint8Array().map((bytes) => new Uint8Array(bytes).buffer),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(fieldName, tie("value"), { maxKeys: 4 }),
  ),
}));
const valueOrMissing = fc.option(anyValue, { nil: undefined, freq: 12 });

const RUNS = { numRuns: 3000 };

function encoded(value: Value | undefined): EncodedValue | undefined {
  return value === undefined ? undefined : convexToJson(value);
}

function bytesOf(value: Value | undefined): Buffer {
  return keyToBytes(keyOfValue(encoded(value)));
}

test("memcmp of two keys orders as compareValues orders the values", () => {
  fc.assert(
    fc.property(valueOrMissing, valueOrMissing, (left, right) => {
      const expected = Math.sign(compareValues(left, right));
      expect(Buffer.compare(bytesOf(left), bytesOf(right))).toBe(expected);
      expect(Math.sign(compareEncoded(encoded(left), encoded(right)))).toBe(expected);
    }),
    RUNS,
  );
});

test("keys of several values order as the values do, one after the other", () => {
  const tuple = fc.tuple(valueOrMissing, valueOrMissing);
  fc.assert(
    fc.property(tuple, tuple, (left, right) => {
      const expected = compareValues(left[0], right[0]) || compareValues(left[1], right[1]);
      const [leftKey, rightKey] = [left, right].map((values) =>
        keyToBytes(keyOfValues(values.map(encoded))),
      );
      expect(Buffer.compare(leftKey ?? Buffer.of(), rightKey ?? Buffer.of())).toBe(
        Math.sign(expected),
      );
    }),
    RUNS,
  );
});

test("afterPrefix() lies above all keys that begin with the value and below those of greater ones", () => {
  fc.assert(
    fc.property(valueOrMissing, valueOrMissing, valueOrMissing, (value, other, tail) => {
      const bound = afterPrefix(keyOfValue(encoded(value)));
      const key = keyOfValues([encoded(other), encoded(tail)]);
      expect(key < bound).toBe(compareValues(other, value) <= 0);
    }),
    RUNS,
  );
});

test("comparing keys as text is comparing their bytes", () => {
  fc.assert(
    fc.property(anyValue, anyValue, (left, right) => {
      const [leftKey, rightKey] = [keyOfValue(encoded(left)), keyOfValue(encoded(right))];
      const asText = leftKey === rightKey ? 0 : leftKey < rightKey ? -1 : 1;
      expect(asText).toBe(Buffer.compare(keyToBytes(leftKey), keyToBytes(rightKey)));
      expect(keyFromBytes(keyToBytes(leftKey))).toBe(leftKey);
    }),
    RUNS,
  );
});

test("no key lies between a key and the one after it", () => {
  fc.assert(
    fc.property(anyValue, anyValue, (value, other) => {
      const key = keyOfValue(encoded(value));
      const otherKey = keyOfValue(encoded(other));
      expect(otherKey > key && otherKey < afterKey(key)).toBe(false);
    }),
  );
});
