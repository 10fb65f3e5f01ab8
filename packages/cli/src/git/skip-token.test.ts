import { expect, test } from "vitest";
import { findSkipToken } from "./skip-token.js";

test.each([
  ["chore: version 1.0.0 [skip ci]", "[skip ci]"],
  ["[ci skip] docs", "[ci skip]"],
  ["docs\n\nbody [no ci]", "[no ci]"],
  ["docs [skip actions]", "[skip actions]"],
  ["docs [actions skip]", "[actions skip]"],
  ["docs [Skip CI]", "[Skip CI]"],
  ["docs\n\n\nskip-checks: true", "skip-checks: true"],
  ["docs\n\n\nskip-checks:true\n", "skip-checks:true"],
])("%j is skipped for %j", (message, token) => {
  expect(findSkipToken(message)).toBe(token);
});

test.each(["", "feat: skip ci", "docs: [skip  ci]", "skip-checks: false", "no skip-checks: true"])(
  "%j is not skipped",
  (message) => {
    expect(findSkipToken(message)).toBeNull();
  },
);
