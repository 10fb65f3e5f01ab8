import { ConvexError } from "convex/values";
import { expect, test } from "vitest";
import { describeError } from "./describe-error.js";

test.each([
  {
    name: "the ledger's own sentence",
    error: new ConvexError({ code: "PRIVATE_HISTORY", message: "Cannot list: no token" }),
    sentence: "Cannot list: no token",
  },
  {
    name: "without the function's name and the request id",
    error: new Error("[CONVEX Q(deployments:listTargets)] [Request ID: 1a2b] Server Error\nat x"),
    sentence: "Server Error",
  },
  { name: "a text that was thrown", error: "out of paper", sentence: "out of paper" },
  { name: "an error without words", error: new Error(""), sentence: "Something went wrong" },
])("says $name", ({ error, sentence }) => {
  expect(describeError(error)).toBe(sentence);
});

test("says what to do where the functions are not deployed", () => {
  const error = new Error(
    "[CONVEX Q(deployments:listTargets)] Could not find public function for 'deployments:listTargets'",
  );
  expect(describeError(error)).toContain("npx convex deploy");
});
