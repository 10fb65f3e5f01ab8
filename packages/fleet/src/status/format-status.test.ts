/** The texts of `status`, from what a machine really holds. */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { rawArtifact, SignedFleet } from "@tideline/testing/signed-fleet";
import { type FleetTarget, platformKey, type ReleaseManifest } from "@tideline/version/fleet";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { writeServiceProgram } from "../../../testing/src/service-program/index.js";
import { platformHere } from "../artifact/platform-here.js";
import { parseConfig } from "../config/parse-config.js";
import type { SyncConfig } from "../config/sync-config.js";
import { dryRunOne } from "../engine/apply-one.js";
import type { EngineDeps } from "../engine/engine-deps.js";
import { writeJournal } from "../engine/journal.js";
import { writeOutcome } from "../engine/outcome.js";
import { addPin } from "../engine/pins.js";
import { noteSeen } from "../ledger/ledger-seen.js";
import { openLocalLedger } from "../ledger/local-ledger.js";
import { writeKnownTarget } from "../ledger/local-targets.js";
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

async function text(target: Partial<FleetTarget> | "known" | null, problem: string | null = null) {
  const deps = await depsWith(target);
  const isReachable = problem === null;
  const { signal } = new AbortController();
  const status = await readStatus({ deps, machineId: "m1", problem, isReachable, signal });
  return formatStatus(status).replaceAll(config.folder, "~");
}

async function depsWith(target: Partial<FleetTarget> | "known" | null): Promise<EngineDeps> {
  const trust = await openTrustStore(config);
  const known: FleetTarget[] =
    target === null || target === "known"
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
  const log = () => {};
  const ledger = await openLocalLedger({ config, host: null, trust, reports: null, now, log });
  return {
    ...{ config, machine: { machineId: "m1", enrolledAt: 0 }, trust, fetch, now, log },
    ledger: target === "known" ? ledger : { ...ledger, targets: () => known },
    supervisor: openSupervisor(config, {}),
    atStep: () => {},
  };
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

test.each([
  ["that is installed", "1.0.0, release 1, commit 1d6f7ea", () => install("1.0.0", 1)],
  ["without its binary", "not installed (~/bin/nats)", async () => {}],
] as const)(
  "what has settled is the target of a machine %s, and what waits for approval is named besides, as in a dry run",
  async (_, live, prepare) => {
    await prepare();
    const waiting = {
      mode: "waiting-for-approval",
      openTo: 0,
      canaries: [],
      startedAt: NOW,
    } as const;
    const target = {
      settled: named(2, "1.1.0", thisPlatform),
      rollout: { ...named(3, "2.0.0", thisPlatform), ...waiting, ring: -1 },
    };
    const { signal } = new AbortController();
    const dryRun = await dryRunOne(await depsWith(target), "nats", { signal });
    expect(dryRun).toMatchObject({ state: "would-install", version: "1.1.0", seq: 2 });
    expect(await text(target)).toBe(`nats  ${live}
  target: 1.1.0, release 2, settled
  is installed at the next look
  waits besides: 2.0.0, release 3, WAITING_FOR_APPROVAL: \`tideline-sync approve nats\` lets the major version go
  next step: Nothing to do while \`tideline-sync watch\` runs; else \`tideline-sync apply\`

${OWN}`);
  },
);

test("while the rollout of what is installed goes on, nobody here knows what waits behind it", async () => {
  await install("1.2.1", 4);
  const running = { mode: "running", openTo: 0.1, canaries: ["m1"], startedAt: NOW } as const;
  const target = {
    settled: named(3, "1.2.0"),
    rollout: { ...named(4, "1.2.1"), ...running, ring: 0 },
  };
  expect(await text(target)).toBe(`nats  1.2.1, release 4, commit 1d6f7ea
  its rollout is running; what waits behind that is not known here

${OWN}`);
});

describe("without a ledger", () => {
  const releases = { kind: "github", api: "https://api.github.com", repository: "a/b" } as const;

  test("a machine that knows of no release is told how to look for one", async () => {
    config = { ...config, ledger: null, releases };
    expect(await text(null)).toContain(`nats  not installed (~/bin/nats)
  next step: No release of it is known here; \`tideline-sync check nats\` asks the release host
`);
    await writeKnownTarget(config.state, "nats", named(2, "1.1.0", thisPlatform));
    expect(await text("known")).toContain(`nats  not installed (~/bin/nats)
  target: 1.1.0, release 2, settled
  is installed at the next look
`);
  });

  test("a developer's machine is told who builds the first one", async () => {
    const [nats] = Object.values(config.subsystems);
    if (nats === undefined) throw new Error("Cannot develop nats: it is not configured");
    const source = { folder: config.folder, build: ["true"], test: [], output: "/nats" };
    config = { ...config, ledger: null, releases, subsystems: { nats: { ...nats, source } } };
    expect(await text(null)).toContain(
      "next step: `tideline-sync watch` builds, publishes and installs it here; by hand `tideline-sync build nats`",
    );
  });
});

test.each([
  ["halted", "HALTED: The rollout of 2.10.25 was halted"],
  ["paused", "PAUSED: The rollout of 2.10.25 is paused"],
] as const)("a rollout that is %s: with the command that lets it go on", async (mode, waits) => {
  await install("2.10.24", 6);
  const rollout = { mode, openTo: 0, canaries: [], startedAt: NOW, ring: 0 } as const;
  const shown = await text({ rollout: { ...named(7, "2.10.25"), ...rollout } });
  expect(shown).toContain(`\n  target: 2.10.25, release 7, ${mode}\n  waits: ${waits}\n`);
  expect(shown).toMatch(/\n {2}next step: .*`tideline-sync rollout resume nats` lets it go on/);
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

test("a folder in the place of a binary is what status says, and no letters of the system's", async () => {
  await mkdir(binary(), { recursive: true });
  await expect(text(null)).rejects.toThrow(
    `Cannot use the binary "${binary()}": expected a file, got a folder`,
  );
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
