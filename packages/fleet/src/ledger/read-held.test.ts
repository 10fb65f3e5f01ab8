/** `approve --here` lets go what the machine holds back, and nothing else. */
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { FLEET_TOKENS, LedgerRig } from "@tideline/testing/ledger-rig";
import { rawArtifact, SignedFleet } from "@tideline/testing/signed-fleet";
import {
  FLEET_FUNCTIONS,
  type FleetRollout,
  type FleetTarget,
  platformKey,
} from "@tideline/version/fleet";
import { afterAll, beforeAll, expect, test } from "vitest";
import { platformHere } from "../artifact/platform-here.js";
import { parseConfig } from "../config/parse-config.js";
import type { SyncConfig } from "../config/sync-config.js";
import { writeOutcome } from "../engine/outcome.js";
import { run } from "../run.js";
import { writeVersionFile } from "../swap/version-file.js";
import { readApprovals, readRejections } from "./approvals.js";
import { askLedger } from "./ask-ledger.js";
import { enrol } from "./enrol.js";
import { noteHeard } from "./heard-targets.js";
import { writeKnownTarget } from "./local-targets.js";

const FLEET = new SignedFleet({ now: Date.now() });
const PLATFORM = platformKey(platformHere());
const { signal } = new AbortController();

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "tideline-held-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

/** A machine that runs release 1, 1.0.0, and takes patches alone by itself. */
async function newMachine(url = "http://127.0.0.1:9"): Promise<SyncConfig> {
  const folder = await mkdtemp(join(root, "machine-"));
  const text = `ledger: { url: "${url}" }
machine: { name: m1, channel: stable }
trust: { roots: ${JSON.stringify(FLEET.trust.roots)} }
subsystems: { nats: { binary: nats/nats, automatic: patch } }
`;
  const path = join(folder, "sync.config.yaml");
  await writeFile(path, text);
  const parsed = parseConfig(text, path, "host");
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const { config } = parsed;
  const live = join(folder, "nats", "nats");
  await mkdir(dirname(live));
  await writeFile(live, "1");
  const checksum = createHash("sha256").update("1").digest("hex");
  const about = { commit: null, timestamp: 0, version: "1.0.0", seq: 1 };
  await writeVersionFile(dirname(live), { ...about, checksum });
  return config;
}

function named(seq: number, version: string) {
  const artifacts = { [PLATFORM]: rawArtifact(`nats ${seq}`) };
  return { release: FLEET.sign(FLEET.manifest({ seq, version, artifacts })), seq, version };
}
const MINOR = named(2, "1.1.0");
const MAJOR = named(3, "2.0.0");

/** The ledger has named this. */
async function hear(
  { state, ledger }: SyncConfig,
  settled: FleetTarget["settled"],
  rollout: Partial<FleetRollout> | null,
): Promise<void> {
  const target: FleetTarget = {
    ...{ channel: "stable", subsystem: "nats", generation: 1, settled },
    rollout: rollout && {
      ...{ ...MAJOR, mode: "running", openTo: 0, canaries: [], startedAt: 0, ring: 0 },
      ...rollout,
    },
  };
  const url = ledger?.url ?? "";
  await noteHeard(state, { url, channel: "stable", at: Date.now(), targets: [target] });
}

async function here(config: SyncConfig, args: readonly string[] = [], env = {}) {
  const out: string[] = [];
  const code = await run(["approve", "nats", "--here", ...args], {
    ...{ cwd: config.folder, env, isInteractive: false, signal },
    print: (line) => out.push(line),
    log: (line) => out.push(line),
  });
  return { code, out };
}

const NOTHING = { code: 1, out: ['Nothing of "nats" waits for approval'] };

test.each<Partial<FleetRollout>>([
  { mode: "halted" },
  { mode: "waiting-for-approval" },
  { mode: "running" },
])(
  "the settled release that it holds back is approved, not the newer one that is $mode",
  async (rollout) => {
    const config = await newMachine();
    await hear(config, MINOR, rollout);
    const out = ['1.1.0 (release 2) of "nats" is approved on this machine'];
    expect(await here(config)).toEqual({ code: 0, out });
    expect(await readApprovals(config.state)).toEqual({ nats: [2] });
    // The newer one has asked nobody on this machine.
    expect(await here(config)).toEqual(NOTHING);
    expect(await here(config, ["--reject"])).toMatchObject({ code: 0 });
    expect(await readRejections(config.state)).toEqual({ nats: [2] });
    expect(await here(config)).toEqual({ code: 0, out });
    expect(await readApprovals(config.state)).toEqual({ nats: [2] });
  },
);

test("what its own automatic lets go needs no approval, and what the ledger holds back none of this machine", async () => {
  const config = await newMachine();
  await hear(config, named(2, "1.0.1"), { mode: "halted" });
  expect(await here(config)).toEqual(NOTHING);
  await hear(config, null, { mode: "waiting-for-approval" });
  expect(await here(config)).toEqual(NOTHING);
});

test("beside a ledger the release host's newest is approved only where an apply without the ledger has asked", async () => {
  const config = await newMachine();
  await hear(config, MINOR, null);
  await writeKnownTarget(config.state, "nats", MAJOR);
  await writeOutcome(config.state, "nats", {
    ...{ state: "refused", seq: 3, version: "2.0.0", reason: "HELD_HERE", detail: "", log: [] },
    at: 1,
  });
  expect((await here(config)).out).toEqual([
    '2.0.0 (release 3) of "nats" is approved on this machine',
  ]);
  expect((await here(config)).out).toEqual([
    '1.1.0 (release 2) of "nats" is approved on this machine',
  ]);
  expect(await readApprovals(config.state)).toEqual({ nats: [2, 3] });
});

test("the ledger is asked where it may be read: what it named last may be replaced by now", async () => {
  const rig = await LedgerRig.create();
  try {
    const config = await newMachine(rig.url);
    const { state } = config;
    const ask = { url: rig.url, doing: "set up", fetch, signal };
    const about = { name: "m1", channel: "stable", platform: PLATFORM };
    await enrol({ state, enrolToken: FLEET_TOKENS.enrol, ...about }, { ...ask });
    await askLedger(
      "mutation",
      FLEET_FUNCTIONS.publishRelease,
      { token: FLEET_TOKENS.operator, channel: "stable", release: MAJOR.release },
      ask,
    );
    await askLedger(
      "mutation",
      FLEET_FUNCTIONS.decideApproval,
      {
        ...{ token: FLEET_TOKENS.operator, channel: "stable", subsystem: "nats", seq: 3 },
        decision: "approve",
      },
      ask,
    );
    await hear(config, MINOR, null);
    const env = { TIDELINE_FLEET_READ_TOKEN: FLEET_TOKENS.read };
    expect((await here(config, [], env)).out).toEqual([
      '2.0.0 (release 3) of "nats" is approved on this machine',
    ]);
    await rig.stop();
    const { code, out } = await here(config, [], { TIDELINE_FLEET_READ_TOKEN: "" });
    expect(code).toBe(0);
    expect(out).toEqual(['1.1.0 (release 2) of "nats" is approved on this machine']);
  } finally {
    await rig.dispose();
  }
});
