import { expect, test } from "vitest";
import { isTargetName } from "./target-name.js";

test.each(["a", "web", "7", "my_app.v2-x", "W".repeat(64)])("%j is a name", (name) => {
  expect(isTargetName(name)).toBe(true);
});

test.each(["", "a b", "web/x", "-x", ".x", "_x", "über", "web\n", "w".repeat(65)])(
  "%j is no name",
  (name) => {
    expect(isTargetName(name)).toBe(false);
  },
);
