import { join } from "node:path";
import { expect, test } from "vitest";
import { EXAMPLE } from "./example-folder.js";
import { parseExampleOptions } from "./example-options.js";

test("without options it runs at the usual ports, in the example's folder", () => {
  expect(parseExampleOptions([])).toEqual({
    verb: "run",
    port: 8000,
    gatewayPort: 8781,
    data: join(EXAMPLE, ".run"),
    further: [],
  });
});

test("what follows -- is for the record", () => {
  const args = ["deploy", "--data", "/tmp/x", "--", "--severity", "critical"];
  expect(parseExampleOptions(args)).toMatchObject({
    verb: "deploy",
    data: "/tmp/x",
    further: ["--severity", "critical"],
  });
});

test("--help and -h ask for help", () => {
  expect(parseExampleOptions(["--help"])).toBeNull();
  expect(parseExampleOptions(["deploy", "-h"])).toBeNull();
});

test.each([
  [["stop"], 'Cannot do "stop": expected run or deploy'],
  [["--port", "8 000"], 'Cannot use "8 000" for --port: expected a number from 0 to 65535'],
  [["--gateway-port", "65536"], 'Cannot use "65536" for --gateway-port'],
  [["run", "--", "--notes"], "Cannot run the example: expected nothing after --"],
  [["--prot", "1"], "Unknown option '--prot'; see ./examples/fastapi/run.sh --help"],
])("%j is refused", (args, message) => {
  expect(() => parseExampleOptions(args)).toThrow(message);
});
