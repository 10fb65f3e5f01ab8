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

test("the gateway's port is an option like the others", () => {
  expect(parseStartOptions([])?.gatewayPort).toBe(8780);
  expect(parseStartOptions(["--gateway-port", "0"])?.gatewayPort).toBe(0);
  expect(() => parseStartOptions(["--gateway-port", "80a"])).toThrow(
    'Cannot use "80a" for --gateway-port: expected a number from 0 to 65535',
  );
});
