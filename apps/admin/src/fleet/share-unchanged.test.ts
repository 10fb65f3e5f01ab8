import { expect, test } from "vitest";
import { shareUnchanged } from "./share-unchanged.js";

interface Item {
  readonly id: string;
  readonly parts: readonly number[];
}
const keyOf = ({ id }: Item) => id;
const BEFORE: readonly Item[] = [
  { id: "a", parts: [1] },
  { id: "b", parts: [2] },
];

test("the same answer again is the list of before", () => {
  expect(shareUnchanged(BEFORE, structuredClone(BEFORE), keyOf)).toBe(BEFORE);
});

test("of a changed answer only what changed is new, in the new order", () => {
  const now = shareUnchanged(
    BEFORE,
    [
      { id: "c", parts: [] },
      { id: "b", parts: [2] },
      { id: "a", parts: [1, 2] },
    ],
    keyOf,
  );
  expect(now.map(keyOf)).toEqual(["c", "b", "a"]);
  expect(now[1]).toBe(BEFORE[1]);
  expect(now[2]).toEqual({ id: "a", parts: [1, 2] });
});

test("what is gone is gone", () => {
  expect(shareUnchanged(BEFORE, [{ id: "b", parts: [2] }], keyOf)).toEqual([BEFORE[1]]);
});
