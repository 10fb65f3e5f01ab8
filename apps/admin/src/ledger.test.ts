import { expect, test } from "vitest";
import { isTaken, parseTargetKey, targetKey } from "./ledger.js";

test("a target's key reads back as the target", () => {
  const target = { appName: "web", environment: "production" };
  expect(targetKey(target)).toBe("web/production");
  expect(parseTargetKey("web/production")).toEqual(target);
});

test.each(["", "web", "web/", "/production", "/", "web/production/eu"])(
  "“%s” is no target's key",
  (key) => {
    expect(parseTargetKey(key)).toBeNull();
  },
);

test.each([
  ["live", true],
  ["replaced", true],
  ["refused", false],
  ["superseded", false],
] as const)("a record that is %s was taken: %s", (status, taken) => {
  expect(isTaken({ status })).toBe(taken);
});
