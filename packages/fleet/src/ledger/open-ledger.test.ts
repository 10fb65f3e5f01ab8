/** What a command goes by while the ledger refuses it, is away, or is not asked. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FLEET_TOKENS, LedgerRig } from "@tideline/testing/ledger-rig";
import { rawArtifact, SignedFleet } from "@tideline/testing/signed-fleet";
import { FLEET_FUNCTIONS, platformKey, type SignedRelease } from "@tideline/version/fleet";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { platformHere } from "../artifact/platform-here.js";
import { parseConfig } from "../config/parse-config.js";
import type { SyncConfig } from "../config/sync-config.js";
import { decide } from "../engine/decide.js";
import { openTrustStore } from "../open-trust-store.js";
import { askLedger } from "./ask-ledger.js";
import { enrol } from "./enrol.js";
import { noteHeard, readHeard } from "./heard-targets.js";
import { type OpenLedgerNow, openLedgerNow } from "./open-ledger.js";
import { listReports } from "./report-folder.js";

const FLEET = new SignedFleet({ now: Date.now() });
const ENV = { TIDELINE_FLEET_READ_TOKEN: FLEET_TOKENS.read };
const PLATFORM = platformKey(platformHere());

let rig: LedgerRig;
let root: string;
let log: string[];
const { signal } = new AbortController();
const opened: OpenLedgerNow[] = [];

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "tideline-open-ledger-"));
  rig = await LedgerRig.create();
});
afterAll(async () => {
  await rig.dispose();
  await rm(root, { recursive: true, force: true });
});
beforeEach(() => {
  log = [];
});
afterEach(() => Promise.all(opened.splice(0).map(({ ledger }) => ledger.close())));

/** A machine in a channel of its own, with nothing installed. */
let machines = 0;
async function newMachine(): Promise<SyncConfig> {
  machines++;
  const folder = await mkdtemp(join(root, "machine-"));
  const text = `ledger: { url: "${rig.url}" }
machine: { name: m${machines}, channel: c${machines} }
trust: { roots: ${JSON.stringify(FLEET.trust.roots)} }
subsystems: { nats: { binary: nats/nats } }
`;
  const parsed = parseConfig(text, join(folder, "sync.config.yaml"), "host");
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const { config } = parsed;
  const { name, channel } = config.machine;
  await enrol(
    {
      ...{ state: config.state, enrolToken: FLEET_TOKENS.enrol, name, channel },
      platform: PLATFORM,
    },
    { url: rig.url, fetch, signal },
  );
  return config;
}

async function openNow(
  config: SyncConfig,
  change: { env?: object; withoutLedger?: boolean; waitMs?: number } = {},
): Promise<OpenLedgerNow> {
  const { env = ENV, withoutLedger = false, waitMs = 10_000 } = change;
  const options = {
    ...{ config, trust: await openTrustStore(config), fetch, now: Date.now, signal },
    ...{ env: env as Record<string, string>, log: (line: string) => void log.push(line) },
    withoutLedger,
  };
  const found = await openLedgerNow(options, ["nats"], waitMs);
  opened.push(found);
  return found;
}

let seq = 0;
function newRelease(): SignedRelease {
  seq++;
  const artifacts = { [PLATFORM]: rawArtifact(`nats ${seq}`) };
  return FLEET.sign(FLEET.manifest({ seq, version: `2.10.${seq}`, artifacts }));
}

/** Publishes; the first of a channel without machines that run anything has settled by itself or goes to its rings. */
async function publish({ machine }: SyncConfig): Promise<number> {
  const args = { token: FLEET_TOKENS.operator, channel: machine.channel, release: newRelease() };
  const ask = { url: rig.url, doing: "publish", fetch, signal };
  expect(await askLedger("mutation", FLEET_FUNCTIONS.publishRelease, args, ask)).toMatchObject({
    ok: true,
  });
  return seq;
}

/** What the engine would do now. */
async function planned(config: SyncConfig, { ledger, machine }: OpenLedgerNow) {
  const trust = await openTrustStore(config);
  const [target = null] = ledger.targets() ?? [];
  const deps = { config, ledger, machine, trust, now: Date.now };
  const subsystem = config.subsystems.nats as SyncConfig["subsystems"][string];
  return (await decide(deps, subsystem, target)).plan;
}

/** The same machine, enrolled with a ledger that nobody answers for. */
async function away(config: SyncConfig): Promise<SyncConfig> {
  const url = "http://127.0.0.1:9";
  for (const file of ["machine.json", "heard.json"]) {
    const path = join(config.state, file);
    const text = await readFile(path, "utf8").catch(() => null);
    if (text !== null) await writeFile(path, text.replaceAll(rig.url, url));
  }
  return { ...config, ledger: { url } };
}

describe("row 32: a ledger that is away", () => {
  test("leaves what had settled when it was heard last, and opens no ring of what had not", async () => {
    const config = await newMachine();
    const first = await publish(config);
    const open = await openNow(config);
    expect(await planned(config, open)).toMatchObject({ action: "install", seq: first });
    const heard = await readHeard(config.state, { url: rig.url, channel: config.machine.channel });
    expect(heard?.targets).toEqual(open.ledger.targets());

    const gone = await away(config);
    const rolling = await openNow(gone, { waitMs: 50 });
    expect(rolling.ledger.kind).toBe("heard");
    expect(await planned(gone, rolling)).toMatchObject({
      ...{ action: "wait", reason: "NOT_YET_REACHED", seq: first },
    });
    expect(log.at(-1)).toContain("freshness unknown since");

    const [target] = heard?.targets ?? [];
    const { release, version } = target?.rollout ?? { release: newRelease(), version: "" };
    const settled = { release, seq: first, version };
    await noteHeard(gone.state, {
      ...{ url: gone.ledger?.url ?? "", channel: gone.machine.channel, at: Date.now() },
      targets: target === undefined ? [] : [{ ...target, settled, rollout: null }],
    });
    const still = await openNow(gone, { waitMs: 50 });
    expect(await planned(gone, still)).toMatchObject({ action: "install", seq: first });
    const forged = { ...settled, release: { ...release, manifest: `${release.manifest} ` } };
    await noteHeard(gone.state, {
      ...{ url: gone.ledger?.url ?? "", channel: gone.machine.channel, at: Date.now() },
      targets: target === undefined ? [] : [{ ...target, settled: forged, rollout: null }],
    });
    const tampered = await openNow(gone, { waitMs: 50 });
    expect(await planned(gone, tampered)).toMatchObject({
      ...{ action: "refuse", reason: "SIGNATURE_INVALID" },
    });
  });

  test("and was never heard leaves nothing; --without-ledger is said to go on", async () => {
    const config = await away(await newMachine());
    await expect(openNow(config, { waitMs: 50 })).rejects.toMatchObject({
      reason: "LEDGER_UNREACHABLE",
      message: expect.stringContaining("apply --without-ledger"),
    });
    await expect(openNow(config, { withoutLedger: true })).rejects.toThrow("expected `releases`");
  });
});

test("row 25: a rollout that is halted once a command has opened the ledger is halted for its last look", async () => {
  const config = await newMachine();
  await publish(config);
  const open = await openNow(config);
  expect(await planned(config, open)).toMatchObject({ action: "install" });
  const { channel } = config.machine;
  const args = { token: FLEET_TOKENS.operator, channel, subsystem: "nats", to: "halted" };
  const ask = { url: rig.url, doing: "halt", fetch, signal };
  const answer = await askLedger("mutation", FLEET_FUNCTIONS.changeRollout, args, ask);
  expect(answer).toMatchObject({ ok: true });
  const mode = () => open.ledger.targets()?.[0]?.rollout?.mode;
  await expect.poll(mode, { timeout: 15_000 }).toBe("halted");
  expect(await planned(config, open)).toMatchObject({ action: "wait", reason: "HALTED" });
});

test("one that refuses the token is not away: nothing of what was heard is gone by", async () => {
  const config = await newMachine();
  await publish(config);
  await openNow(config);
  const env = { TIDELINE_FLEET_READ_TOKEN: "another-token-altogether" };
  await expect(openNow(config, { env })).rejects.toMatchObject({ reason: "TOKEN_REFUSED" });
  expect(await listReports(join(config.state, "reports"))).toEqual([]);
});
