import { resolve } from "node:path";
import { expect, test } from "vitest";
import { parseStartOptions } from "./start-options.js";

test.each([
  [[], ".env.local"],
  [["--data", ".tideline"], ".env.local"],
  [["--data", "other"], null],
  [["--data", "other", "--convex-env", "other.env"], "other.env"],
])("npm start -- %j tells npx convex in %j", (args, file) => {
  expect(parseStartOptions(args)?.envFile).toBe(file === null ? null : resolve(file));
});
