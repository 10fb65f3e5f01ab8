/** `tideline doctor` as a user has it. */
import { type BuiltCli, buildCli, runCli } from "@tideline/testing/built-cli";
import { GIT_ENV, GitRig } from "@tideline/testing/git-rig";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { CHECKS } from "./checks.js";

let cli: BuiltCli;
beforeAll(async () => {
  cli = await buildCli();
});
afterAll(() => cli.dispose());

let rig: GitRig;
beforeEach(async () => {
  rig = await GitRig.create();
});
afterEach(() => rig.dispose());

const doctor = (...args: readonly string[]) =>
  runCli(cli, ["doctor", ...args], { cwd: rig.folder, env: GIT_ENV });

test("a repository that nothing is wrong with: exit code 0, and every check says how it is", async () => {
  await rig.commit("feat: one", { "web/app.ts": "export {};\n" });
  const run = await doctor();
  expect([run.code, run.stderr]).toEqual([0, ""]);
  const lines = run.stdout.trimEnd().split("\n");
  expect(lines).toHaveLength(CHECKS.length + 2);
  for (const [index, { name }] of CHECKS.entries()) {
    expect(lines[index]).toMatch(new RegExp(`^(ok|skipped) +${name}: .+`));
  }
  expect(lines.at(-1)).toMatch(/^\d+ ok, 0 with warnings, 0 failed, \d+ skipped$/);
});

test("one failure: exit code 1, where it is and what mends it", async () => {
  await rig.commit("feat: one", { "build.sh": "N=$(date +%Y%m%d%H%M)\n" });
  const run = await doctor();
  expect(run.code).toBe(1);
  expect(run.stderr).toContain(
    "FAILED   local-time: build.sh:1: it numbers builds by local time, which runs backwards when clocks are put back\n         To mend it: date -u, or the build number of tideline stamp\n",
  );
});

test("a warning is no failure", async () => {
  await rig.commit("feat: one", { "version.json": '{"version":"1.0.0"}' });
  const run = await doctor();
  expect(run.code).toBe(0);
  expect(run.stdout).toContain("warning  version-file: version.json: ");
});

test("--json gives every check with its findings", async () => {
  await rig.commit("feat: one", { "build.sh": "git rev-parse --short HEAD\n" });
  const run = await doctor("--json");
  expect(run.code).toBe(1);
  const { ok, checks } = JSON.parse(run.stdout);
  expect(ok).toBe(false);
  expect(checks.map(({ name }: { name: string }) => name)).toEqual(CHECKS.map(({ name }) => name));
  expect(checks.find(({ name }: { name: string }) => name === "short-sha")).toEqual({
    name: "short-sha",
    state: "fail",
    findings: [
      {
        level: "fail",
        where: "build.sh:1",
        problem: expect.stringContaining("shallow"),
        fix: expect.stringContaining("cut -c1-12"),
      },
    ],
    why: null,
  });
});

test("a broken configuration is a finding, and the other checks still run", async () => {
  await rig.commit("feat: one", { "tideline.config.json": "{", "a.sh": "date +%H%M\n" });
  const { checks } = JSON.parse((await doctor("--json")).stdout);
  const failed = checks.filter(({ state }: { state: string }) => state === "fail");
  expect(failed.map(({ name }: { name: string }) => name)).toEqual(["config", "local-time"]);
});

test("nothing in the repository changes", async () => {
  await rig.commit("feat: one", { "build.sh": "date +%H%M\n", "version.json": "{}" });
  await rig.write({ new: "new\n" });
  const before = await rig.git("status", "--porcelain");
  await doctor("--offline");
  expect(await rig.git("status", "--porcelain")).toBe(before);
});

test("an address that is none is a wrong command line", async () => {
  const run = await doctor("--url", "example.com");
  expect([run.code, run.stderr]).toEqual([
    2,
    'Cannot use --url: expected an http or https address, got "example.com"\n',
  ]);
});

test("there are at least 15 checks, each with a name of its own", () => {
  const names = CHECKS.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names.length).toBeGreaterThanOrEqual(15);
});
