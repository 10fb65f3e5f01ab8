/** The texts of `status`, from what a machine really holds. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { rawArtifact, SignedFleet } from "@tideline/testing/signed-fleet";
import { type FleetTarget, platformKey, type ReleaseManifest } from "@tideline/version/fleet";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { writeServiceProgram } from "../../../testing/src/service-program/index.js";
import { platformHere } from "../artifact/platform-here.js";
import { parseConfig } from "../config/parse-config.js";
import type { SyncConfig } from "../config/sync-config.js";
import type { EngineDeps } from "../engine/engine-deps.js";
import { writeJournal } from "../engine/journal.js";
import { writeOutcome } from "../engine/outcome.js";
import { addPin } from "../engine/pins.js";
import { noteSeen } from "../ledger/ledger-seen.js";
import { openLocalLedger } from "../ledger/local-ledger.js";
import { openReportQueue } from "../ledger/report-queue.js";
import { openTrustStore } from "../open-trust-store.js";
import { openSupervisor } from "../supervise/open-supervisor.js";
import { writeVersionFile } from "../swap/version-file.js";
import { formatStatus } from "./format-status.js";
import { readStatus } from "./read-status.js";

const NOW = Date.UTC(2026, 2, 1, 12);
const FLEET = new SignedFleet({ now: NOW });

let root: string;
let config: SyncConfig;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "tideline-status-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));
beforeEach(async () => {
  const folder = await mkdtemp(join(root, "machine-"));
  const text =
    "machine: { name: workshop-12 }\nledger: { url: https://a.convex.cloud }\nsubsystems: { nats: { binary: bin/nats, service: null } }\n";
  const parsed = parseConfig(text, join(folder, "sync.config.yaml"), "host");
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  config = { ...parsed.config, trust: FLEET.trust };
});

const binary = () => config.subsystems.nats?.binary ?? "";

async function install(version: string, seq: number): Promise<void> {
  const { sha256: checksum } = await writeServiceProgram(binary(), { version });
  const commit = "1d6f7ea0".repeat(5);
  await writeVersionFile(dirname(binary()), { commit, timestamp: NOW, checksum, version, seq });
}

function named(
  seq: number,
  version: string,
  artifacts: Partial<Pick<ReleaseManifest, "artifacts">> = {},
): NonNullable<FleetTarget["settled"]> {
  return { release: FLEET.sign(FLEET.manifest({ seq, version, ...artifacts })), seq, version };
}

const thisPlatform = { artifacts: { [platformKey(platformHere())]: rawArtifact("nats") } };

function serveNats(supervisor: SyncConfig["supervisor"]): void {
  const [nats] = Object.values(config.subsystems);
  if (nats === undefined) throw new Error("Cannot serve nats: it is not configured");
  config = { ...config, supervisor, subsystems: { nats: { ...nats, service: "nats" } } };
}

async function text(target: Partial<FleetTarget> | null, problem: string | null = null) {
  const trust = await openTrustStore(config);
  const known: FleetTarget[] =
    target === null
      ? []
      : [
          {
            ...{
              channel: "stable",
              subsystem: "nats",
              generation: 3,
              settled: null,
              rollout: null,
            },
            ...target,
          },
        ];
  const now = () => NOW;
  const { signal } = new AbortController();
  const log = () => {};
  const ledger = await openLocalLedger({ config, host: null, trust, reports: null, now, log });
  const deps: EngineDeps = {
    ...{ config, machine: { machineId: "m1", enrolledAt: 0 }, trust, fetch, now, log },
    ledger: { ...ledger, targets: () => known },
    supervisor: openSupervisor(config, {}),
    atStep: () => {},
  };
  const isReachable = problem === null;
  const status = await readStatus({ deps, machineId: "m1", problem, isReachable, signal });
  return formatStatus(status).replaceAll(config.folder, "~");
}

const OWN = `machine  workshop-12, channel stable, m1
ledger   https://a.convex.cloud, reachable
watch    does not run`;

test("before the first installation", async () => {
  expect(await text(null)).toBe(`nats  not installed (~/bin/nats)\n\n${OWN}`);
});

test("up to date", async () => {
  await install("2.10.25", 7);
  expect(await text({ settled: named(7, "2.10.25") })).toBe(
    `nats  2.10.25, release 7, commit 1d6f7ea\n\n${OWN}`,
  );
});

test("pinned after a rollback by hand", async () => {
  await install("2.10.24", 6);
  await addPin(config.state, "nats", { why: "rollback", version: "2.10.24", at: NOW });
  expect(
    await text({ settled: named(7, "2.10.25") }),
  ).toBe(`nats  2.10.24, release 6, commit 1d6f7ea
  target: 2.10.25, release 7, settled
  pinned at 2.10.24, after a rollback by hand, 2026-03-01T12:00:00Z
  waits: PINNED: "nats" stays at 2.10.24: a rollback by hand
  next step: \`tideline-sync pin nats --remove\` lets updates through again

${OWN}`);
});

test("a rollout that is halted", async () => {
  await install("2.10.24", 6);
  const rollout = { mode: "halted", openTo: 0, canaries: [], startedAt: NOW, ring: 0 } as const;
  expect(await text({ rollout: { ...named(7, "2.10.25"), ...rollout } })).toContain(`
  target: 2.10.25, release 7, halted
  waits: HALTED: The rollout of 2.10.25 was halted
  next step: Look at the failed machines; then publish a fix, or resume the rollout by hand
`);
});

test("an attempt under way, and reports that wait for a ledger that is away", async () => {
  await install("2.10.24", 6);
  const to = { commit: null, timestamp: NOW, checksum: "a".repeat(64), version: "2.10.25", seq: 7 };
  await writeJournal(config.state, {
    ...{ format: 1, subsystem: "nats", kind: "update", state: "soaking", seq: 7 },
    ...{ version: "2.10.25", generation: 3, startedAt: NOW, from: null, to, pidBefore: null },
    ...{ recoveries: 0, isStoppedInOrder: false, failure: null },
  });
  await noteSeen(config.state, NOW);
  const queue = openReportQueue(config.state, null, () => {});
  await queue.add({
    ...{ subsystem: "nats", seq: 7, version: "2.10.25", generation: 3, state: "soaking" },
    ...{ reason: null, detail: null, runningSha256: null, at: NOW },
  });
  expect(await text(null, "no answer within 5 s")).toBe(`nats  2.10.24, release 6, commit 1d6f7ea
  under way: 2.10.25 is soaking since 2026-03-01T12:00:00Z

machine  workshop-12, channel stable, m1
ledger   https://a.convex.cloud, not reachable (no answer within 5 s); freshness unknown since 2026-03-01T12:00:00Z
watch    does not run
reports  1 wait until the ledger takes them`);
});

test("a machine that somebody has to go to", async () => {
  await install("2.10.24", 6);
  await writeOutcome(config.state, "nats", {
    ...{ state: "needs-operator", version: "2.10.25", seq: 7, reason: "ROLLBACK_FAILED" },
    ...{ detail: "neither version is ready", log: [], at: NOW },
  });
  expect(await text(null)).toContain(`
  2026-03-01T12:00:00Z: 2.10.25 needs-operator, ROLLBACK_FAILED: neither version is ready
  next step: Go to the machine; neither the new version nor the one before is well
`);
});

test("a binary that somebody has replaced", async () => {
  await install("2.10.24", 6);
  await writeServiceProgram(binary(), { version: "2.10.24-mine" });
  const shown = await text({ settled: named(7, "2.10.25") });
  expect(shown).toContain("nats  drifted: ~/bin/nats is not what its .version says");
  expect(shown).toContain("refused: DRIFTED");
});

test("an update that has to wait for a supervisor that is away", async () => {
  await install("2.10.24", 6);
  serveNats({ kind: "built-in", socket: join(config.folder, "none.sock"), services: {} });
  const shown = await text({ settled: named(7, "2.10.25", thisPlatform) });
  expect(shown).toContain("is not installed before the supervisor answers for the service");
  expect(shown).toMatch(/\n {2}service: SUPERVISOR_UNREACHABLE: /);
  expect(shown).toContain("next step: Start the supervisor, or correct `supervisor`");
  expect(shown).not.toContain("is installed at the next look");
});

test("no trusted roots: said once, with what to do", async () => {
  config = { ...config, trust: { roots: [], threshold: 1, acceptUnsigned: false } };
  const shown = await text(null);
  expect(shown.match(/NO_TRUSTED_ROOTS/g)).toHaveLength(1);
  expect(shown).toContain("Put the fleet's root keys under `trust.roots`");
});
