import { createHash } from "node:crypto";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { FLEET_TOKENS, LedgerRig } from "@tideline/testing/ledger-rig";
import { ReleaseHostRig } from "@tideline/testing/release-host-rig";
import { SignedFleet } from "@tideline/testing/signed-fleet";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { stringify } from "yaml";
import { loadConfig } from "../config/load-config.js";
import { type Journal, writeJournal } from "../engine/journal.js";
import { writeOutcome } from "../engine/outcome.js";
import { writeFailed } from "../guard/failed-file.js";
import { keepCopy } from "../guard/keep-copy.js";
import { runGuard } from "../guard/run-guard.js";
import { enrol } from "../ledger/enrol.js";
import { noteHeard } from "../ledger/heard-targets.js";
import { writeKnownTarget } from "../ledger/local-targets.js";
import { withMarker } from "../publish/release-marker.js";
import { startSupervisor } from "../supervise/built-in/start-supervisor.js";
import { writeVersionFile } from "../swap/version-file.js";
import { TrustStore } from "../trust/trust-store.js";
import type { DoctorWorld, Finding } from "./finding.js";
import { formatFindings } from "./format-findings.js";
import { CHECKS, runDoctor } from "./run-doctor.js";

const DAY = 86_400_000;
const SECRET = "a-secret-of-40-characters-or-so";
const fleet = new SignedFleet({ now: Date.now() });
let ledger: LedgerRig;
let folder: string;
const closing: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  ledger = await LedgerRig.create();
});
afterAll(() => ledger.dispose());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tideline-doctor-"));
});
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  await rm(folder, { recursive: true, force: true });
});

const binary = (name: string) => join(folder, name, ".bin", name);
const state = () => join(folder, ".tideline-sync");

/** A live binary with a `.version` that speaks of it. */
async function plant(name: string, text = `#!/bin/sh\n# ${name}\nsleep 60\n`): Promise<void> {
  await mkdir(dirname(binary(name)), { recursive: true });
  await writeFile(binary(name), text, { mode: 0o755 });
  await writeVersionFile(dirname(binary(name)), {
    ...{ commit: null, timestamp: 0, version: "1.0.0", seq: 1 },
    checksum: createHash("sha256").update(text).digest("hex"),
  });
}

async function configure(change: Record<string, unknown> = {}): Promise<void> {
  const config = {
    trust: fleet.trust,
    webhook: { port: 0 },
    supervisor: {
      kind: "built-in",
      socket: "s.sock",
      services: { nats: { command: ["sleep", "60"] } },
    },
    subsystems: { nats: { binary: "nats/.bin/nats" } },
    ...change,
  };
  await writeFile(join(folder, "sync.config.yaml"), stringify(config));
}

async function look(change: Partial<DoctorWorld> = {}): Promise<Finding[]> {
  return await runDoctor({
    config: await loadConfig(folder),
    ...{ env: { WEBHOOK_SECRET: SECRET }, fetch, now: Date.now, isOnline: false },
    signal: new AbortController().signal,
    ...change,
  });
}

/** What one check found. */
function of(findings: readonly Finding[], check: string): Pick<Finding, "level" | "message">[] {
  return findings
    .filter((finding) => finding.check === check)
    .map(({ level, message }) => ({ level, message }));
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => new Promise((resolve) => server.close(resolve)));
  return (server.address() as AddressInfo).port;
}

test("a machine that is well fails at nothing, and every check says something", async () => {
  await plant("nats");
  await configure();
  const services = {
    nats: {
      command: ["/bin/sleep", "60"],
      folder,
      environment: {},
      readiness: null,
      shutdownTimeoutMs: 500,
    },
  };
  const supervisor = await startSupervisor({ socket: join(folder, "s.sock"), services });
  closing.push(() => supervisor.close());
  const findings = await look();
  expect(findings.filter(({ level }) => level === "failed" || level === "warning")).toEqual([]);
  expect(new Set(findings.map(({ check }) => check))).toEqual(
    new Set(CHECKS.map(({ name }) => name)),
  );
  expect(CHECKS.length).toBeGreaterThanOrEqual(15);
  expect(formatFindings(findings)).toContain("✓ services");
  for (const { level, fix } of findings)
    expect(fix === null).toBe(level === "ok" || level === "skipped");
});

test("everything that is wrong with one machine is told at once, each with what mends it", async () => {
  await plant("nats");
  await writeFile(binary("nats"), "somebody else's");
  await configure({
    trust: { roots: [], acceptUnsigned: true },
    subsystems: {
      nats: { binary: "nats/.bin/nats" },
      arc: { binary: "arc/.bin/arc", service: null },
      sync: { binary: "sync/.bin/sync", service: "self" },
    },
  });
  await plant("sync");
  await mkdir(state(), { mode: 0o755 });
  await chmod(state(), 0o755);
  for (const name of ["trust-1.json", "trust-2.json"]) await writeFile(join(state(), name), "{");
  const journal: Journal = {
    ...{
      format: 1,
      subsystem: "arc",
      kind: "update",
      state: "downloading",
      seq: 2,
      version: "2.0.0",
    },
    ...{ generation: 1, startedAt: 1, from: null, pidBefore: null, recoveries: 0 },
    ...{ isStoppedInOrder: false, failure: null },
    to: { commit: null, timestamp: 1, checksum: "0".repeat(64), version: "2.0.0", seq: 2 },
  };
  await writeJournal(state(), journal);
  await writeOutcome(state(), "nats", {
    ...{ state: "needs-operator", version: "1.1.0", seq: 2, reason: "ROLLBACK_FAILED", at: 1 },
    ...{ detail: "the version before did not start", log: [] },
  });
  const findings = await look({ env: { WEBHOOK_SECRET: "short" } });
  const failures = findings.filter(({ level }) => level === "failed").map(({ check }) => check);
  expect([...new Set(failures)].sort()).toEqual([
    ...["binaries", "guard", "journals", "roots", "state-folder", "supervisor", "webhook-secret"],
  ]);
  expect(of(findings, "unsigned")).toMatchObject([{ level: "warning" }]);
  expect(of(findings, "trust-store")).toMatchObject([{ level: "warning" }]);
  expect(of(findings, "journals")).toMatchObject([
    { level: "failed", message: expect.stringContaining("the version before did not start") },
    { level: "warning", message: expect.stringContaining("interrupted at downloading") },
  ]);
  expect(of(findings, "binaries")).toMatchObject([{ level: "failed" }, { level: "warning" }]);
  for (const { level, fix } of findings) {
    if (level === "failed" || level === "warning") expect(fix).toMatch(/\w{3,}/);
  }
});

test.each([
  [-1, "failed", "expired"],
  [10, "warning", "expires"],
  [300, "ok", "good until"],
] as const)("a keyset that ends in %i days: %s", async (days, level, words) => {
  await configure();
  const keyset = fleet.signKeyset({ expiresAt: Date.now() + days * DAY });
  const release = fleet.sign(fleet.manifest(), { keyset });
  await writeKnownTarget(state(), "nats", { release, seq: 7, version: "2.10.25" });
  const [found] = of(await look(), "keyset");
  expect(found).toMatchObject({ level, message: expect.stringContaining(words) });
});

test("the keyset of what a ledger has named is known, too", async () => {
  const { url } = ledger;
  await configure({ ledger: { url } });
  const keyset = fleet.signKeyset({ expiresAt: Date.now() + 10 * DAY });
  const settled = { release: fleet.sign(fleet.manifest(), { keyset }), seq: 7, version: "2.10.25" };
  const named = { channel: "stable", subsystem: "nats", generation: 1, settled, rollout: null };
  await noteHeard(state(), { url, channel: "stable", at: Date.now(), targets: [named] });
  const [found] = of(await look(), "keyset");
  expect(found).toMatchObject({ level: "warning", message: expect.stringContaining("expires") });
});

test("a port that somebody else has is named with who has it", async () => {
  const server = createServer((request, response) => {
    response.end(JSON.stringify(request.url === "/live" ? { status: "alive" } : {}));
  });
  const port = await listen(server);
  await configure({ webhook: { port } });
  const [found] = of(await look(), "webhook-port");
  expect(found).toMatchObject({
    level: "failed",
    message: expect.stringContaining(`taken by process-compose (pid ${process.pid})`),
  });
});

test("the ledger: its token, the clock beside it, and who this machine is", async () => {
  await configure({ ledger: { url: ledger.url } });
  const env = {
    TIDELINE_FLEET_READ_TOKEN: FLEET_TOKENS.read,
    TIDELINE_FLEET_VIEW_TOKEN: FLEET_TOKENS.view,
  };
  expect(of(await look({ env }), "machine")).toMatchObject([{ level: "failed" }]);
  const { signal } = new AbortController();
  const about = { name: "one", channel: "stable", platform: "linux-x64-glibc" } as const;
  const request = { state: state(), enrolToken: FLEET_TOKENS.enrol, ...about };
  await enrol(request, { url: ledger.url, fetch, signal });
  const well = await look({ env });
  for (const check of ["machine", "ledger", "clock", "sessions"]) {
    expect(of(well, check), check).toMatchObject([{ level: "ok" }]);
  }
  const late = await look({ env, now: () => Date.now() + 5 * 60_000 });
  expect(of(late, "clock")).toMatchObject([{ level: "warning" }]);
  const wrong = await look({ env: { TIDELINE_FLEET_READ_TOKEN: "another-token-than-that" } });
  expect(of(wrong, "ledger")).toMatchObject([
    {
      level: "failed",
      message: expect.stringContaining("expected TIDELINE_FLEET_READ_TOKEN to be"),
    },
  ]);
  expect(of(await look({ env: {} }), "ledger")).toMatchObject([{ level: "failed" }]);
});

test("a ledger with more than 1,000 machines says which plan it needs; one that is away fails one check", async () => {
  let pages = 0;
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      const isList = body.includes("listMachines");
      if (isList) pages += 1;
      const value = isList ? { page: Array(200).fill({}), isDone: false, continueCursor: "x" } : [];
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ status: "success", value, logLines: [] }));
    });
  });
  const port = await listen(server);
  await configure({ ledger: { url: `http://127.0.0.1:${port}` } });
  const env = { TIDELINE_FLEET_VIEW_TOKEN: FLEET_TOKENS.view };
  expect(of(await look({ env }), "sessions")).toMatchObject([{ level: "warning" }]);
  // It stops counting as soon as it knows.
  expect(pages).toBe(6);
  server.closeAllConnections();
  await closing.pop()?.();
  const away = await look({ env });
  const failures = away.filter(({ level }) => level === "failed").map(({ check }) => check);
  expect(failures).toEqual(["machine", "ledger", "supervisor"]);
});

test("row 13: a release host that serves an older state than was seen before is an alarm, with --online", async () => {
  const host = await ReleaseHostRig.start();
  closing.push(() => host.close());
  const release = (seq: number) => fleet.sign(fleet.manifest({ seq }));
  await (await TrustStore.open(state())).advance(release(7));
  const body = withMarker("", { subsystem: "nats", seq: 5, by: "a builder", at: Date.now() });
  const assets = { "nats.release.json": JSON.stringify(release(5)) };
  host.addRelease({ tag: "nats-v2.10.23", body, assets });
  await configure({ releases: { api: host.api, repository: "acme/plat" } });
  expect(of(await look(), "freeze")).toMatchObject([{ level: "skipped" }]);
  expect(host.requests).toEqual([]);
  expect(of(await look({ isOnline: true }), "freeze")).toMatchObject([
    { level: "failed", message: expect.stringContaining("expected seq 7 or higher, got 5") },
  ]);
});

test("the guard: running, not running, and with a file that did not start", async () => {
  await plant("sync", `process.send("tideline-sync is alive"); setInterval(() => {}, 1000);\n`);
  await configure({ subsystems: { sync: { binary: "sync/.bin/sync", service: "self" } } });
  await keepCopy(binary("sync"));
  expect(of(await look(), "guard")).toMatchObject([
    { level: "failed", message: expect.stringContaining("No guard runs") },
  ]);
  const ending = new AbortController();
  const running = runGuard({
    ...{ active: binary("sync"), args: ["watch"], cwd: folder, now: Date.now },
    ...{ onLine: () => {}, say: () => {}, signal: ending.signal },
  });
  closing.push(() => {
    ending.abort();
    return running;
  });
  await expect
    .poll(async () => of(await look(), "guard")[0]?.level, { timeout: 10_000 })
    .toBe("ok");
  const sha256 = createHash("sha256")
    .update(`process.send("tideline-sync is alive"); setInterval(() => {}, 1000);\n`)
    .digest("hex");
  await writeFailed(binary("sync"), { sha256, problem: "ended with 1", exitCode: 1, at: 1 });
  expect(of(await look(), "guard")).toMatchObject([
    { level: "failed", message: expect.stringContaining("ended with 1; its kept copy runs") },
  ]);
});
