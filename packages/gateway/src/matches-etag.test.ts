import { expect, test } from "vitest";
import { matchesEtag } from "./matches-etag.js";

test.each([
  [null, false],
  ["", false],
  ['"a"', true],
  ['W/"a"', true],
  ['"b", "a"', true],
  ["*", true],
  ['"ab"', false],
  ["a", false],
])("matchesEtag(%j) of a body with the tag a: %s", (header, isSame) => {
  expect(matchesEtag(header, '"a"')).toBe(isSame);
});
