import { expect, test } from "vitest";
import { shortCommit } from "./short-commit.js";

test.each([
  ["0123456789abcdef0123456789abcdef01234567", "0123456789ab"],
  ["abc1234", "abc1234"],
  ["unknown", "unknown"],
])("shortCommit(%j) is %j", (commit, short) => {
  expect(shortCommit(commit)).toBe(short);
});
