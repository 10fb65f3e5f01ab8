import { describe, expect, it } from "vitest";
import { isLoopback, parseCommand } from "./arguments.js";
import { StartError } from "./start-error.js";

describe("parseCommand()", () => {
  it("has defaults for everything", () => {
    expect(parseCommand([], {})).toEqual({
      kind: "serve",
      options: {
        dir: "convex",
        data: ".tideline",
        port: 3210,
        sitePort: 3211,
        host: "127.0.0.1",
        watch: false,
        verbose: false,
      },
    });
  });

  it("takes the admin key from the option before the environment", () => {
    const env = { TIDELINE_ADMIN_KEY: "a|env" };
    expect(parseCommand([], env)).toMatchObject({ options: { adminKey: "a|env" } });
    expect(parseCommand(["--admin-key", "a|option"], env)).toMatchObject({
      options: { adminKey: "a|option" },
    });
  });

  it.each([
    [["--port", "65536"], /Cannot use "65536" for --port/],
    [["--port", "-1"], /--port/],
    [["--site-port", "80a"], /Cannot use "80a" for --site-port/],
    [["--prot", "1"], /--prot/],
    [["extra"], /extra/],
  ])("%j is one sentence", (args, says) => {
    expect(() => parseCommand(args, {})).toThrow(StartError);
    expect(() => parseCommand(args, {})).toThrow(says);
  });

  it("knows --help and --version", () => {
    expect(parseCommand(["--help"], {})).toEqual({ kind: "help" });
    expect(parseCommand(["--version"], {})).toEqual({ kind: "version" });
  });
});

describe("isLoopback()", () => {
  it.each([
    ["127.0.0.1", true],
    ["127.1.2.3", true],
    ["localhost", true],
    ["::1", true],
    ["0.0.0.0", false],
    ["::", false],
    ["192.168.1.5", false],
    ["127.0.0.1.example.org", false],
  ])("%s is loopback: %s", (host, expected) => {
    expect(isLoopback(host)).toBe(expected);
  });
});
