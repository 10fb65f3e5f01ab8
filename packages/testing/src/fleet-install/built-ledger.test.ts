/** The one file as users run it, and a real ledger: there, with another token, away, and back. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { FLEET_TOKENS, LedgerRig } from "../ledger-rig.js";
import { SignedFleet } from "../signed-fleet.js";
import { runSync, startSync } from "../sync-process.js";

const ENV = { TIDELINE_FLEET_READ_TOKEN: FLEET_TOKENS.read };
const WRONG = "another-token-altogether";

let cwd: string;
let ledger: LedgerRig;
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), "tideline-built-ledger-"));
  ledger = await LedgerRig.create();
  const config = {
    ledger: { url: ledger.url },
    machine: { name: "m1", channel: "stable" },
    supervisor: { kind: "built-in" },
    trust: new SignedFleet().trust,
    webhook: { port: 0 },
    subsystems: { nats: { binary: "nats/nats", service: null } },
  };
  await writeFile(join(cwd, "sync.config.yaml"), stringify(config));
  const TIDELINE_FLEET_ENROL_TOKEN = FLEET_TOKENS.enrol;
  const enrolled = await runSync(["enrol"], { cwd, env: { TIDELINE_FLEET_ENROL_TOKEN } });
  expect(enrolled.code, enrolled.lines.join("\n")).toBe(0);
});
afterAll(async () => {
  await ledger.dispose();
  await rm(cwd, { recursive: true, force: true });
});

const COMMANDS = [
  ["check"],
  ["check", "--json"],
  ["apply"],
  ["apply", "--dry-run", "--json"],
  ["status", "--json"],
  ["verify", "--json"],
];

async function sync(args: readonly string[], env: Readonly<Record<string, string>> = ENV) {
  const { code, stdout, lines } = await runSync(args, { cwd, env });
  return { args, code, stdout, text: lines.join("\n") };
}

test("every command reads the ledger, and none complains of one that is well", async () => {
  for (const args of COMMANDS) {
    const { code, text } = await sync(args);
    expect([args, code], text).toEqual([args, 0]);
    expect(text).not.toMatch(/WebSocket|Cannot send|does not answer|Uncaught|not compared/);
  }
  const { stdout } = await sync(["status", "--json"]);
  expect(JSON.parse(stdout).ledger).toMatchObject({ isReachable: true, problem: null });
});

describe("with another token", () => {
  test.each([
    { args: ["check"], variable: "TIDELINE_FLEET_READ_TOKEN", doing: "read the ledger" },
    { args: ["apply"], variable: "TIDELINE_FLEET_READ_TOKEN", doing: "read the ledger" },
    { args: ["approve", "nats"], variable: "TIDELINE_FLEET_TOKEN", doing: "approve" },
    {
      args: ["rollout", "pause", "nats"],
      ...{ variable: "TIDELINE_FLEET_TOKEN", doing: "pause the rollout" },
    },
    { args: ["enrol"], variable: "TIDELINE_FLEET_ENROL_TOKEN", doing: "enrol" },
  ])("$args says that it is $variable, and what to do", async ({ args, variable, doing }) => {
    const { code, text } = await sync(args, { ...ENV, [variable]: WRONG });
    expect(code, text).toBe(3);
    expect(text).toContain(
      `Cannot ${doing}: expected ${variable} to be a token that the ledger at ${ledger.url} takes, got another`,
    );
    expect(text).toContain("TOKEN_REFUSED: ");
    expect(text).toContain("Set the variable that is named");
    expect(text.split("\n")).toHaveLength(2);
  });

  test("doctor says which, and status that the ledger was not heard", async () => {
    const env = { TIDELINE_FLEET_READ_TOKEN: WRONG };
    const [doctor, status] = [await sync(["doctor"], env), await sync(["status"], env)];
    expect(doctor.text).toContain("expected TIDELINE_FLEET_READ_TOKEN to be a token");
    expect(status.text).toContain("reachable, not read (TOKEN_REFUSED: Cannot read the ledger");
    expect((await sync(["status"], {})).text).toContain(
      "not asked (Cannot read the ledger: expected",
    );
    expect(doctor.text + status.text).not.toContain("Uncaught");
  });
});

describe("while the ledger is away", () => {
  beforeAll(() => ledger.stop());
  afterAll(() => ledger.start());

  test("no command ends in silence, and what the machine knows is told", async () => {
    const ran = await Promise.all(COMMANDS.map((args) => sync(args)));
    for (const { args, code, stdout, text } of ran) {
      expect([args, code], text).toEqual([args, 0]);
      expect(stdout, text).not.toBe("");
      const [command] = args;
      if (command === "check" || command === "apply") {
        expect(text).toContain("freshness unknown since");
      }
    }
  });

  test("who decides something for the fleet is told that it is away, and what to do", async () => {
    const env = {
      TIDELINE_FLEET_TOKEN: FLEET_TOKENS.operator,
      TIDELINE_FLEET_ENROL_TOKEN: FLEET_TOKENS.enrol,
    };
    for (const args of [["approve", "nats"], ["rollout", "halt", "nats"], ["enrol"]]) {
      const { code, text } = await sync(args, env);
      expect([args, code], text).toEqual([args, 3]);
      expect(text).toMatch(/^Cannot .* at http:\/\/127\.0\.0\.1:\d+: connect ECONNREFUSED/);
      expect(text).toContain("LEDGER_UNREACHABLE: Check the ledger's address and the network");
    }
  });
});

test("watch is connected again after the ledger was away", async () => {
  const watch = await startSync(["watch", "--port", "0"], { cwd, env: ENV });
  try {
    await watch.untilLine(/ledger-connected/);
    const away = watch.untilLine(/ledger-away/);
    await ledger.stop();
    await away;
    await ledger.start();
    await expect
      .poll(() => watch.lines.filter((line) => line.includes("ledger-connected")).length, {
        timeout: 20_000,
      })
      .toBe(2);
  } finally {
    watch.child.kill("SIGTERM");
    expect(await watch.ended).toBe(0);
  }
});

test("a command that waits for what never comes has failed, and says so", async () => {
  const folder = join(cwd, "never");
  await mkdir(folder);
  // The configuration is never read to its end, and nothing keeps the process.
  const never = join(folder, "never.cjs");
  const stub = `const files = require("fs/promises");
const { readFile } = files;
files.readFile = (path, ...more) =>
  String(path).endsWith("sync.config.yaml") ? new Promise(() => {}) : readFile(path, ...more);
`;
  await writeFile(never, stub);
  const env = { ...ENV, NODE_OPTIONS: `--require=${never}` };
  const { code, text } = await sync(["check", "--json"], env);
  expect([code, text]).toEqual([1, expect.stringMatching(/^Cannot end the command: it waits for/)]);
});

test("install in a file system that takes no folders says which folder", async () => {
  const { code, text } = await sync(["install", "--dir", "/proc/x"]);
  expect(code, text).toBe(3);
  expect(text).toContain('Cannot make "/proc/x"');
});
