import { expect, test } from "vitest";
import { printable } from "./log.js";

test("a client's text stays on its line and leaves the terminal alone", () => {
  expect(printable("a:b\n2026 forged \u001b[31m\u2028")).toBe(
    "a:b\\u000a2026 forged \\u001b[31m\\u2028",
  );
});

test("a client's text is cut after 500 characters", () => {
  expect(printable("x".repeat(100_000))).toBe(`${"x".repeat(500)}…`);
});

test("ordinary text is left as it is", () => {
  expect(printable("folder/module:größe → 東京")).toBe("folder/module:größe → 東京");
});
