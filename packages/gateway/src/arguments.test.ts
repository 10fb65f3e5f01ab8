import { expect, test } from "vitest";
import { parseCommand, USAGE, UsageError } from "./arguments.js";

const env = { CONVEX_URL: "https://happy-otter-123.convex.cloud" };

test("parseCommand() reads everything that the help names", () => {
  const args = [
    ...["--convex-url", "http://127.0.0.1:3210/", "--target", "web/production"],
    ...["--target", "admin/staging", "--target", "web/production"],
    ...["--port", "0", "--host", "::1", "--base-path", "/live", "--max-connections", "15000"],
    ...["--allow-origin", "https://a.example", "--allow-origin", "http://b.example:81"],
    ...["--function", "my:query", "--log-level", "debug", "--json"],
  ];
  expect(parseCommand(args, env)).toEqual({
    ...{ kind: "serve", level: "debug", json: true },
    options: {
      ...{ convexUrl: "http://127.0.0.1:3210", functionName: "my:query" },
      targets: [
        { appName: "web", environment: "production" },
        { appName: "admin", environment: "staging" },
      ],
      ...{ port: 0, host: "::1", basePath: "/live", maxConnections: 15_000 },
      allowedOrigins: ["https://a.example", "http://b.example:81"],
    },
  });
});

test("parseCommand() has a default for everything but the target and the ledger", () => {
  expect(parseCommand(["--target", "web/production"], env)).toMatchObject({
    ...{ kind: "serve", level: "info", json: false },
    options: {
      ...{ convexUrl: env.CONVEX_URL, port: 8780, host: "127.0.0.1" },
      maxConnections: 20_000,
    },
  });
});

test("the help says how many clients are sent away in what time", () => {
  expect(USAGE).toMatch(/at most 375 a second, from\s3,000 clients on all of them within 8 s/);
});

const TARGET = ["--target", "web/production"];
test("parseCommand() takes one target as --app and --environment", () => {
  const args = ["--app", "web", "--environment", "production"];
  expect(parseCommand(args, env)).toMatchObject({
    options: { targets: [{ appName: "web", environment: "production" }] },
  });
});

test.each([
  [["--target", "web"], 'Cannot read target: expected "app/environment", got "web"'],
  [["--target", "web/a/b"], 'Cannot read target: expected "app/environment", got "web/a/b"'],
  [[], "Cannot start: expected --target APP/ENVIRONMENT, or --app and --environment"],
  [["--app", "web"], "Cannot start: expected --app and --environment together, got one of them"],
  [
    [...TARGET, "--app", "admin", "--environment", "staging"],
    "Cannot start: expected --target, or --app and --environment, got both; --target takes several",
  ],
  [[...TARGET, "--environment", "staging"], /^Cannot start: .* got both; /],
  [["--app", "w b", "--environment", "p"], /^Cannot use a name: .*got "w b"$/],
  [[...TARGET, "--port", "65536"], /^Cannot use --port: .* from 0 to 65535, got "65536"$/],
  [[...TARGET, "--port", ""], /^Cannot use --port: .*got ""$/],
  [[...TARGET, "--max-connections", "0"], /^Cannot use --max-connections: .*got "0"$/],
  [[...TARGET, "--log-level", "loud"], /^Cannot use --log-level: .*debug, got "loud"$/],
  [[...TARGET, "--allow-origin", "a.example"], /^Cannot read origin: .*got "a.example"$/],
  [[...TARGET, "--allow-origin", "https://a.example/x"], /^Cannot read origin: /],
  [[...TARGET, "--base-path", "live"], /^Cannot use --base-path: .*got "live"$/],
  [[...TARGET, "--convex-url", "127.0.0.1:3210"], /^Cannot use the ledger's address: /],
  [["--targets", "web/production"], /^Unknown option '--targets'; see tideline-gateway --help$/],
  [["web/production"], /^Unexpected argument 'web\/production'.*; see tideline-gateway --help$/],
  [["--port"], /^Option '--port <value>' argument missing; see tideline-gateway --help$/],
])("parseCommand(%j) is refused in one sentence", (args, sentence) => {
  expect(() => parseCommand(args, env)).toThrow(UsageError);
  expect(() => parseCommand(args, env)).toThrow(sentence);
});

test("parseCommand() asks for the ledger's address where it is nowhere", () => {
  expect(() => parseCommand(TARGET, { CONVEX_URL: "" })).toThrow(/--convex-url or CONVEX_URL$/);
});
