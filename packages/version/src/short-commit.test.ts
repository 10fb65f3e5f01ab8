import { expect, test } from "vitest";
import { shortCommit } from "./short-commit.js";

test.each([
  ["0123456789abcdef0123456789abcdef01234567", "0123456789ab"],
  ["0123456789abcdef0123456789abcdef01234567-dirty", "0123456789ab-dirty"],
  [`${"0123456789abcdef".repeat(4)}-rebuilt`, "0123456789ab-rebuilt"],
  ["abc1234", "abc1234"],
  ["abc1234-dirty", "abc1234-dirty"],
  ["unknown", "unknown"],
])("shortCommit(%j) is %j", (commit, short) => {
  expect(shortCommit(commit)).toBe(short);
});
