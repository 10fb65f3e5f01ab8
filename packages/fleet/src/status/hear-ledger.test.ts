/** What `status` says while the ledger does not answer, and while it refuses. */
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FLEET_TOKENS, LedgerRig } from "@tideline/testing/ledger-rig";
import { rawArtifact, SignedFleet } from "@tideline/testing/signed-fleet";
import { type FleetTarget, platformKey } from "@tideline/version/fleet";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { platformHere } from "../artifact/platform-here.js";
import { parseConfig } from "../config/parse-config.js";
import type { SyncConfig } from "../config/sync-config.js";
import { dryRunOne } from "../engine/apply-one.js";
import type { EngineDeps } from "../engine/engine-deps.js";
import { enrol } from "../ledger/enrol.js";
import { noteHeard } from "../ledger/heard-targets.js";
import { openLedgerNow } from "../ledger/open-ledger.js";
import { openTrustStore } from "../open-trust-store.js";
import { openSupervisor } from "../supervise/open-supervisor.js";
import { formatStatus } from "./format-status.js";
import { hearLedger } from "./hear-ledger.js";
import { readStatus } from "./read-status.js";

const HEARD_AT = Date.UTC(2026, 2, 1, 12);
const NOBODY = "http://127.0.0.1:9";
const FLEET = new SignedFleet({ now: Date.now() });
const PLATFORM = platformKey(platformHere());
const { signal } = new AbortController();

let rig: LedgerRig;
let root: string;
let config: SyncConfig;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "tideline-hear-"));
  rig = await LedgerRig.create();
});
afterAll(async () => {
  await rig.dispose();
  await rm(root, { recursive: true, force: true });
});
beforeEach(async () => {
  const folder = await mkdtemp(join(root, "machine-"));
  const text = `ledger: { url: "${rig.url}" }
machine: { name: m1, channel: stable }
trust: { roots: ${JSON.stringify(FLEET.trust.roots)} }
subsystems: { nats: { binary: nats/nats, service: null } }
`;
  const parsed = parseConfig(text, join(folder, "sync.config.yaml"), "host");
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  config = parsed.config;
  const about = { name: "m1", channel: "stable", platform: PLATFORM };
  const { state } = config;
  await enrol({ state, enrolToken: FLEET_TOKENS.enrol, ...about }, { url: rig.url, fetch, signal });
});

/** The machine is enrolled with a ledger that nobody answers for. */
async function leave(url = NOBODY): Promise<void> {
  const path = join(config.state, "machine.json");
  await writeFile(path, (await readFile(path, "utf8")).replaceAll(rig.url, url));
  config = { ...config, ledger: { url } };
}

function named(seq: number, version: string): NonNullable<FleetTarget["settled"]> {
  const artifacts = { [PLATFORM]: rawArtifact(`nats ${seq}`) };
  return { release: FLEET.sign(FLEET.manifest({ seq, version, artifacts })), seq, version };
}

/** The ledger has named release 2 as settled, and release 3 on its way to everybody. */
async function hear(): Promise<void> {
  const target: FleetTarget = {
    ...{ channel: "stable", subsystem: "nats", generation: 5, settled: named(2, "1.1.0") },
    rollout: {
      ...named(3, "1.2.0"),
      ...{ mode: "running", openTo: 1, canaries: [], startedAt: HEARD_AT, ring: 2 },
    },
  };
  const { url = "" } = config.ledger ?? {};
  await noteHeard(config.state, { url, channel: "stable", at: HEARD_AT, targets: [target] });
}

async function optionsFor(token: string = FLEET_TOKENS.read) {
  const trust = await openTrustStore(config);
  const env = { TIDELINE_FLEET_READ_TOKEN: token };
  return { config, env, trust, fetch, now: Date.now, log: () => {}, signal };
}

async function status(waitMs: number, token?: string) {
  const options = await optionsFor(token);
  const { ledger, machine, problem, isReachable } = await hearLedger(options, waitMs);
  try {
    const deps: EngineDeps = {
      ...{ ...options, ledger, machine, supervisor: openSupervisor(config, {}), atStep: () => {} },
    };
    const machineId = machine?.machineId ?? null;
    const found = await readStatus({ deps, machineId, problem, isReachable, signal });
    return { ...found, text: formatStatus(found), subsystem: found.subsystems[0] };
  } finally {
    await ledger.close();
  }
}

/** What `apply --dry-run` says of the same. */
async function dryRun() {
  const options = { ...(await optionsFor()), isReadOnly: true };
  const { ledger, machine } = await openLedgerNow(options, ["nats"], 50);
  try {
    const supervisor = openSupervisor(config, {});
    const deps: EngineDeps = { ...options, ledger, machine, supervisor, atStep: () => {} };
    return await dryRunOne(deps, "nats", { signal });
  } finally {
    await ledger.close();
  }
}

test("while the ledger is away it goes by what had settled when that was heard last, as apply does", async () => {
  await leave();
  await hear();
  expect(await dryRun()).toMatchObject({ state: "would-install", version: "1.1.0", seq: 2 });
  const { ledger, subsystem, text } = await status(50);
  expect(ledger).toMatchObject({
    ...{ isReachable: false, isHeardEarlier: true, freshnessUnknownSince: HEARD_AT },
  });
  expect(subsystem).toMatchObject({
    target: { version: "1.1.0", seq: 2, mode: "settled" },
    next: { action: "install" },
    waiting: { version: "1.2.0", seq: 3, reason: "NOT_YET_REACHED" },
    nextStep:
      "`tideline-sync apply nats` installs it; `tideline-sync watch` does when the ledger is back",
  });
  expect(text).toContain("may be installed: it had settled when the ledger was heard last");
  expect(text).toContain(
    "freshness unknown since 2026-03-01T12:00:00Z; the targets are those of then",
  );
});

test("of a ledger that nobody listens for it says what the system says", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  await leave(`http://127.0.0.1:${port}`);
  const { ledger, text } = await status(50);
  expect(ledger).toMatchObject({
    ...{ isReachable: false, problem: `connect ECONNREFUSED 127.0.0.1:${port}` },
  });
  expect(text).toContain("not reachable (connect ECONNREFUSED");
});

test("a ledger that is away and was never heard has no targets", async () => {
  await leave();
  const { ledger, subsystem } = await status(50);
  expect(ledger).toMatchObject({ isReachable: false, isHeardEarlier: false });
  expect(subsystem).toMatchObject({ target: null, next: { action: "nothing" } });
});

test("one that refuses is not away: nothing of what was heard is gone by", async () => {
  await hear();
  const { ledger, subsystem } = await status(10_000, "another-token-altogether");
  expect(ledger).toMatchObject({
    ...{
      isReachable: true,
      isHeardEarlier: false,
      problem: expect.stringMatching(/TOKEN_REFUSED/),
    },
  });
  expect(subsystem).toMatchObject({ target: null, next: { action: "nothing" } });
});
