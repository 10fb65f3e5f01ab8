/** Show 10: what `apply --dry-run` does to the machine and sends to anybody, by its system calls. */
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { FLEET_FUNCTIONS, type FleetView } from "@tideline/version/fleet";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { askLedger } from "../../../fleet/src/ledger/ask-ledger.js";
import { findProgram } from "../find-program.js";
import { FLEET_TOKENS, LedgerRig } from "../ledger-rig.js";
import { ApplyRig } from "./apply-rig.js";
import { type TracedRun, traceSync } from "./trace-sync.js";

let rig: ApplyRig;
let strace: string;
beforeEach(async () => {
  strace = await findProgram("strace", "that look at what a dry run does");
  rig = await ApplyRig.start();
  await mkdir(join(rig.folder, "tmp"));
});
afterEach(() => rig.close());

/** Every file of the machine: its bytes, its inode, when it was changed. */
async function everything(): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {};
  for (const path of await readdir(rig.folder, { recursive: true })) {
    // The supervisor and the service beside it are at work as ever.
    if (path.startsWith("supervisor.sock") || path.startsWith("notes")) continue;
    const { ino, mtimeMs, mode } = await stat(join(rig.folder, path)).catch(() => ({
      ino: 0,
      mtimeMs: 0,
      mode: 0,
    }));
    const bytes = await readFile(join(rig.folder, path)).catch(() => "");
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    found[path] = `${ino} ${mtimeMs} ${mode} ${sha256}`;
  }
  return found;
}

async function dryRun(env: Readonly<Record<string, string>> = {}): Promise<TracedRun> {
  const before = await everything();
  const run = await traceSync(strace, ["apply", "--dry-run", "--json"], {
    cwd: rig.folder,
    env: { ...env, TMPDIR: join(rig.folder, "tmp") },
  });
  expect(await everything()).toEqual(before);
  return run;
}

describe("row 30: apply --dry-run", () => {
  test("writes to nothing but its own output, and asks the release host by GET alone", async () => {
    rig.publish("nats", 2);
    rig.publish("arc", 2, { version: "2.0.0", updateClass: "major" });
    const { code, stdout, written, sent } = await dryRun();
    expect(JSON.parse(stdout)).toMatchObject({
      dryRun: true,
      subsystems: [
        { name: "nats", state: "would-install", from: "1.0.1", version: "1.0.2" },
        { name: "arc", state: "waiting", reason: "WAITING_FOR_APPROVAL" },
      ],
    });
    expect(code).toBe(0);
    expect(written).toEqual([]);
    expect(sent.length).toBeGreaterThan(0);
    expect(new Set(sent)).toEqual(new Set(["GET"]));
    expect(new Set(rig.host.requests.map(({ method }) => method))).toEqual(new Set(["GET"]));
    // Not even the binary is fetched: what is said goes by the signed release alone.
    expect(rig.host.requests.filter(({ path }) => path.endsWith("/nats"))).toEqual([]);
    expect(await rig.starts()).toEqual(["1.0.1"]);
  });

  test("is told apart from a real run by the same trace", async () => {
    rig.publish("arc", 2);
    const { written } = await traceSync(strace, ["apply", "arc"], {
      cwd: rig.folder,
      env: { TMPDIR: join(rig.folder, "tmp") },
    });
    expect(written.some((path) => path.endsWith("/arc/.bin/arc"))).toBe(true);
    expect(written.some((path) => path.includes("/.tideline-sync/"))).toBe(true);
  });

  test("of a machine with a ledger tells that nothing: no report, no presence", async () => {
    const ledger = await LedgerRig.create();
    try {
      const { signal } = new AbortController();
      const ask = { url: ledger.url, doing: "look", fetch, signal };
      const view = async () =>
        (await askLedger(
          "query",
          FLEET_FUNCTIONS.watchFleet,
          { token: FLEET_TOKENS.view },
          ask,
        )) as FleetView;
      await rig.configure({
        ledger: { url: ledger.url },
        machine: { name: "m1", channel: "stable" },
      });
      const enrolled = await rig.run(["enrol"], { TIDELINE_FLEET_ENROL_TOKEN: FLEET_TOKENS.enrol });
      expect(enrolled.code, enrolled.text).toBe(0);
      const release = rig.publish("nats", 2);
      const args = { token: FLEET_TOKENS.operator, channel: "stable", release };
      await askLedger("mutation", FLEET_FUNCTIONS.publishRelease, args, ask);
      const before = await view();
      const env = { TIDELINE_FLEET_READ_TOKEN: FLEET_TOKENS.read };
      const { code, stdout, written, sent } = await dryRun(env);
      expect(code, stdout).toBe(0);
      expect(JSON.parse(stdout).subsystems[0]).toMatchObject({ name: "nats", version: "1.0.2" });
      expect(written).toEqual([]);
      expect(new Set(sent)).toEqual(new Set(["GET"]));
      expect((await view()).machines).toEqual(before.machines);
    } finally {
      await ledger.dispose();
    }
  });
});
