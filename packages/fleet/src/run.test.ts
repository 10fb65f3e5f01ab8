/** What becomes of a command line: exit codes, and what is said where. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type AddCommand, addCommand } from "./commands/add-command.js";
import { COMMANDS } from "./commands/commands.js";
import type { Outcome } from "./commands/terminal.js";
import { FailedError } from "./failed-error.js";
import { run } from "./run.js";
import { SyncError } from "./sync-error.js";
import { UsageError } from "./usage-error.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tideline-run-"));
  await writeFile(join(folder, "sync.config.yaml"), "subsystems: { nats: { binary: a } }\n");
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function ran(args: readonly string[], commands: readonly AddCommand[], signal?: AbortSignal) {
  const out: string[] = [];
  const log: string[] = [];
  const code = await run(
    args,
    {
      ...{ cwd: folder, env: {}, isInteractive: false },
      print: (line) => out.push(line),
      log: (line) => log.push(line),
      signal: signal ?? new AbortController().signal,
    },
    commands,
  );
  return { code, out, log };
}

function command(act: () => Promise<Outcome> | Outcome): readonly AddCommand[] {
  const spec = { usage: "act [subsystem]", summary: "Acts", examples: ["tideline-sync act nats"] };
  return [addCommand({ ...spec, run: async () => await act() })];
}

test("a result goes to stdout, for people or as one object", async () => {
  const commands = command(() => ({ text: "done", json: { done: true } }));
  expect(await ran(["act"], commands)).toEqual({ code: 0, out: ["done"], log: [] });
  expect(await ran(["act", "--json"], commands)).toEqual({
    ...{ code: 0, out: ['{"done":true}'], log: [] },
  });
});

test("an outcome that is no success goes to stderr, and its object to stdout", async () => {
  const commands = command(() => ({ exitCode: 1, text: "not done", json: { done: false } }));
  expect(await ran(["act"], commands)).toEqual({ code: 1, out: [], log: ["not done"] });
  expect((await ran(["act", "--json"], commands)).out).toEqual(['{"done":false}']);
});

test("a report goes to stdout, also where it is no success", async () => {
  const spec = { usage: "look", summary: "Looks", examples: ["tideline-sync look"] };
  const look = addCommand({
    ...{ ...spec, isReport: true },
    run: async () => ({ exitCode: 1, text: "one is ill", json: {} }),
  });
  expect(await ran(["look"], [look])).toEqual({ code: 1, out: ["one is ill"], log: [] });
});

test("a full disk is DISK_FULL whatever was written, with the path where the system says it", async () => {
  const full = { code: "ENOSPC", path: "/srv/state" };
  const commands = command(() => {
    throw Object.assign(new Error("ENOSPC: no space left on device, mkdir '/srv/state'"), full);
  });
  const { code, log } = await ran(["act"], commands);
  expect(code).toBe(3);
  expect(log).toEqual([
    'Cannot go on at "/srv/state": expected free space, got "ENOSPC"',
    "DISK_FULL: Free space on the disk of the path that is named, then run it again",
  ]);
});

test("a refusal is 3, with its reason and the next step", async () => {
  const commands = command(() => {
    throw new SyncError("PINNED", "Cannot update nats: it is pinned");
  });
  const nextStep = "`tideline-sync pin NAME --remove` lets updates through again";
  expect(await ran(["act"], commands)).toEqual({
    ...{ code: 3, out: [], log: ["Cannot update nats: it is pinned", `PINNED: ${nextStep}`] },
  });
  const { out } = await ran(["act", "--json"], commands);
  const message = "Cannot update nats: it is pinned";
  expect(out.map((line) => JSON.parse(line))).toEqual([
    { error: { reason: "PINNED", message, nextStep } },
  ]);
});

test("the next step of a subsystem's refusal can be typed as it stands", async () => {
  const commands = command(() => {
    throw new SyncError("PINNED", "Cannot update nats: it is pinned");
  });
  const { log } = await ran(["act", "nats"], commands);
  expect(log[1]).toBe("PINNED: `tideline-sync pin nats --remove` lets updates through again");
});

test("what is wrong with the configuration or an option is 2", async () => {
  const commands = command(() => {
    throw new UsageError("Cannot use it: expected another, got this");
  });
  expect((await ran(["act"], commands)).code).toBe(2);
  const { code, out, log } = await ran(["act", "--jsn", "--json"], commands);
  expect(code).toBe(2);
  expect(JSON.parse(out[0] ?? "").error).toMatchObject({
    reason: "USAGE",
    nextStep: expect.stringContaining("`--help` behind the command"),
  });
  expect(log[0]).toContain("unknown option '--jsn'");
  expect((await ran(["ackt"], commands)).log[0]).toContain("Did you mean act?");
  expect((await ran(["act", "a", "b"], commands)).code).toBe(2);
});

test("everything else that goes wrong is 1, and after a signal 130", async () => {
  const controller = new AbortController();
  const commands = command(() => {
    throw new Error("Cannot reach it");
  });
  expect(await ran(["act"], commands)).toEqual({ code: 1, out: [], log: ["Cannot reach it"] });
  controller.abort();
  const nextStep = "Run the command again; it goes on from where it was";
  expect(await ran(["act"], commands, controller.signal)).toEqual({
    ...{ code: 130, out: [], log: ["Stopped by a signal", `next step: ${nextStep}`] },
  });
  const { out } = await ran(["act", "--json"], commands, controller.signal);
  expect(JSON.parse(out[0] ?? "").error).toMatchObject({ reason: "INTERRUPTED", nextStep });
});

test.each([
  [1, "FAILED", () => new FailedError("Cannot start", "Stop it")],
  [2, "USAGE", () => new UsageError("Cannot start", { nextStep: "Stop it" })],
] as const)("what names its own next step has it said: %i", async (code, reason, error) => {
  const commands = command(() => {
    throw error();
  });
  expect(await ran(["act"], commands)).toEqual({
    ...{ code, out: [], log: ["Cannot start", "next step: Stop it"] },
  });
  const { out } = await ran(["act", "--json"], commands);
  expect(JSON.parse(out[0] ?? "").error).toMatchObject({ reason, nextStep: "Stop it" });
});

test("without a command the help is shown, and it is 2; asked for, it is 0", async () => {
  const { code, log } = await ran([], COMMANDS);
  expect(code).toBe(2);
  expect(log[0]).toContain("Usage: tideline-sync [options] [command]");
  expect((await ran(["--help"], COMMANDS)).code).toBe(0);
});

test("every command's help has an example that names it", async () => {
  const { out } = await ran(["--help"], COMMANDS);
  const names = [...(out[0] ?? "").matchAll(/^ {2}([a-z-]+) (?:\[options\]|<|\[)/gm)].map(
    ([, name]) => name ?? "",
  );
  expect(names.length).toBeGreaterThan(3);
  for (const name of names.filter((one) => one !== "help")) {
    const help = (await ran([name, "--help"], COMMANDS)).out.join("\n");
    // A group of commands has the examples with each of them.
    if (help.includes("Commands:")) continue;
    expect(help, name).toMatch(new RegExp(`Examples:[^]*tideline-sync ${name}`));
    expect(help, name).toMatch(/--json/);
  }
});
