import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { deployAdvice, holdAdvice, releaseAdvice, rollBackAdvice } from "./commands.js";

const LOCAL = { appName: "web", environment: "local" };
const PRODUCTION = { appName: "web", environment: "production" };

test.each([
  ["deploy, on this machine", deployAdvice(LOCAL), "npm run deploy -- web"],
  ["deploy, elsewhere", deployAdvice(PRODUCTION), "npx --no -- tideline record"],
  ["roll back, on this machine", rollBackAdvice(LOCAL), "npm run deploy -- web --rollback"],
  [
    "roll back, elsewhere",
    rollBackAdvice(PRODUCTION),
    "npx --no -- tideline record --allow-rollback",
  ],
])("%s", (_name, advice, command) => {
  expect(advice.command).toBe(command);
});

describe("what a shell makes of the command", () => {
  const folder = mkdtempSync(join(tmpdir(), "tideline-commands-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  // In place of npx: says the arguments that it got.
  writeFileSync(join(folder, "npx"), '#!/bin/sh\nprintf "%s\\n" "$@"\n', { mode: 0o755 });

  const argumentsOf = (command: string): string[] =>
    execFileSync("/bin/sh", ["-c", command], {
      env: { PATH: `${folder}:/usr/bin:/bin`, TIDELINE_RECORD_TOKEN: "secret=1/+" },
      encoding: "utf8",
    })
      .trimEnd()
      .split("\n");

  test("hold names the target, the reason and the token", () => {
    const [verb, tool, name, json = ""] = argumentsOf(holdAdvice(PRODUCTION).command);
    expect([verb, tool, name]).toEqual(["convex", "run", "deployments:holdTarget"]);
    expect(JSON.parse(json)).toEqual({ ...PRODUCTION, reason: "…", token: "secret=1/+" });
  });

  test("release names the target and the token", () => {
    const [, , name, json = ""] = argumentsOf(releaseAdvice(PRODUCTION).command);
    expect(name).toBe("deployments:releaseTarget");
    expect(JSON.parse(json)).toEqual({ ...PRODUCTION, token: "secret=1/+" });
  });
});

test("on this machine the token is read from its file", () => {
  expect(holdAdvice(LOCAL).command).toContain("$(cat .tideline/record-token)");
});
