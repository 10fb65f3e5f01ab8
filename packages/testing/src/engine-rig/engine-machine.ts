/**
 * One machine with real binaries, real processes under the built-in supervisor, and a state folder.
 * The engine that works on it may run in the test's process or in another one.
 */
import { chmod, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import {
  type EngineDeps,
  openSupervisor,
  type RunningSupervisor,
  type ServiceState,
  type SubsystemConfig,
  type SyncConfig,
  startSupervisor,
  TrustStore,
  type UpdateOutcome,
  updateSubsystem,
} from "@tideline/fleet";
import type { FleetTarget } from "@tideline/version/fleet";
import { hashFile } from "../../../fleet/src/artifact/hash-file.js";
import { readVersionFile, writeVersionFile } from "../../../fleet/src/swap/version-file.js";
import { readinessByNotes } from "../service-program/index.js";
import type { RecordingLedger } from "./recording-ledger.js";
import type { Published, ReleaseLine } from "./release-line.js";

/** How a machine is set up. */
export interface EngineMachineOptions {
  readonly line: ReleaseLine;
  readonly ledger: RecordingLedger;
  /** Each gets a subsystem, and a service of the same name unless it is among `tools`. */
  readonly names: readonly string[];
  /** Binaries that nothing runs. */
  readonly tools?: readonly string[];
  /** Changes of every subsystem's configuration. */
  readonly subsystem?: (paths: { readonly notes: string }) => Partial<SubsystemConfig>;
  /** Where its folder is made. @default the system's folder for temporary files */
  readonly parent?: string;
  readonly readyTimeoutMs?: number;
  readonly soakMs?: number;
  /** SIGKILL after SIGTERM. @default 300 */
  readonly shutdownTimeoutMs?: number;
  /** Whether services have a probe; without one they are well while they run. @default true */
  readonly hasProbe?: boolean;
  /** What a service is started with, besides the folder for its notes. @default () => [] */
  readonly args?: (name: string) => readonly string[];
  /** How long the built-in supervisor waits before it starts again what ended. @default 20 */
  readonly backOffMs?: number;
}

export interface EngineMachine {
  readonly folder: string;
  readonly names: readonly string[];
  readonly config: SyncConfig;
  readonly ledger: RecordingLedger;
  /** ms since epoch; a test may set it. */
  clock: { now: number };
  /** Everything that was logged. */
  readonly log: string[];
  deps(change?: Partial<EngineDeps>): Promise<EngineDeps>;
  update(name: string, target: FleetTarget, change?: Partial<EngineDeps>): Promise<UpdateOutcome>;
  /** Puts a release there as if it had been installed long ago. */
  plant(name: string, published: Published): Promise<void>;
  /** Puts a release's binary there as somebody does by hand: without a word in `.version`. */
  replace(name: string, published: Published): Promise<void>;
  live(name: string): string;
  notes(name: string): string;
  /** sha256 of the live binary. */
  runs(name: string): Promise<string>;
  version(name: string): Promise<string | null>;
  /** `"<pid> <version>"` for every start of the service. */
  starts(name: string): Promise<readonly string[]>;
  inspect(name: string): Promise<ServiceState>;
  /** Resolves once the service satisfies the condition. */
  until(name: string, holds: (state: ServiceState) => boolean): Promise<ServiceState>;
  /** Starts the supervisor, and with it what can be started. */
  listen(): Promise<void>;
  /** Starts the supervisor and waits until every service is well. */
  startServices(): Promise<void>;
  stopServices(): Promise<void>;
  dispose(): Promise<void>;
}

/** Sets a machine up; nothing is planted and nothing runs yet. */
export async function startMachine(options: EngineMachineOptions): Promise<EngineMachine> {
  const { line, ledger, names, tools = [] } = options;
  const folder = await mkdtemp(join(options.parent ?? tmpdir(), "tideline-engine-"));
  const live = (name: string) => join(folder, name, ".bin", name);
  const notes = (name: string) => join(folder, name, "notes");
  for (const name of names) await mkdir(notes(name), { recursive: true });
  const config = configOf(folder, options, live, notes);
  const clock = { now: line.fleet.now };
  const log: string[] = [];
  const supervisor = openSupervisor(config);
  let services: RunningSupervisor | null = null;

  const machine: EngineMachine = {
    ...{ folder, names, config, ledger, clock, log, live, notes },
    async deps(change = {}) {
      return {
        ...{ config, machine: null, ledger, supervisor, fetch: globalThis.fetch },
        trust: await TrustStore.open(config.state),
        now: () => clock.now,
        log: (text) => void log.push(text),
        atStep: () => {},
        ...change,
      };
    },
    async update(name, target, change) {
      const { signal } = new AbortController();
      ledger.known = [target];
      return await updateSubsystem(await machine.deps(change), name, target, { signal });
    },
    async plant(name, { bytes, manifest, sha256 }) {
      await mkdir(dirname(live(name)), { recursive: true });
      await writeFile(live(name), bytes);
      await chmod(live(name), 0o755);
      await writeVersionFile(dirname(live(name)), {
        ...{ commit: null, timestamp: clock.now, checksum: sha256 },
        ...{ version: manifest.version, seq: manifest.seq },
      });
    },
    async replace(name, { bytes }) {
      // What runs may not be written to.
      await writeFile(`${live(name)}.own`, bytes, { mode: 0o755 });
      await rename(`${live(name)}.own`, live(name));
    },
    async runs(name) {
      return (await hashFile(live(name))).sha256;
    },
    async version(name) {
      const reading = await readVersionFile(dirname(live(name)));
      return reading.state === "read" ? reading.file.version : null;
    },
    async starts(name) {
      const text = await readFile(join(notes(name), "starts"), "utf8").catch(() => "");
      return text.split("\n").filter((entry) => entry !== "");
    },
    async inspect(name) {
      return await supervisor.inspect(name, new AbortController().signal);
    },
    async until(name, holds) {
      const found = new AbortController();
      let state: ServiceState | null = null;
      await supervisor.watch(
        name,
        (heard) => {
          if (!holds(heard)) return;
          state = heard;
          found.abort();
        },
        found.signal,
      );
      if (state === null) throw new Error(`Cannot wait for "${name}": the watch ended`);
      return state;
    },
    async listen() {
      if (config.supervisor.kind !== "built-in") return;
      const { backOffMs = 20 } = options;
      services = await startSupervisor({
        ...config.supervisor,
        pace: { soonMs: 20, laterMs: 200, timeoutMs: 2_000 },
        backOff: { firstMs: backOffMs, lastMs: 10 * backOffMs },
      });
    },
    async startServices() {
      await machine.listen();
      for (const name of names) {
        if (!tools.includes(name)) {
          await machine.until(name, ({ isRunning, isReady }) => isRunning && isReady !== false);
        }
      }
    },
    async stopServices() {
      services?.kill();
      await services?.close();
      services = null;
    },
    async dispose() {
      await machine.stopServices();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return machine;
}

function configOf(
  folder: string,
  options: EngineMachineOptions,
  live: (name: string) => string,
  notes: (name: string) => string,
): SyncConfig {
  const { line, ledger, names, tools = [] } = options;
  const { readyTimeoutMs = 3_000, soakMs = 150, shutdownTimeoutMs = 300 } = options;
  const subsystems = names.map((name): [string, SubsystemConfig] => [
    name,
    {
      ...{ name, upstream: null, override: null, source: null, binary: live(name) },
      package: { format: "raw", fileName: name },
      versionArgs: ["--version"],
      service: tools.includes(name) ? null : name,
      health: { readyTimeoutMs, soakMs, check: null },
      ...{ automatic: null, minimumAgeMs: 0, window: null },
      ...options.subsystem?.({ notes: notes(name) }),
    },
  ]);
  const services = names
    .filter((name) => !tools.includes(name))
    .map((name) => [
      name,
      {
        command: [live(name), "--notes", notes(name), ...(options.args?.(name) ?? [])],
        folder: join(folder, name),
        environment: {},
        readiness: options.hasProbe === false ? null : readinessByNotes(notes(name)),
        shutdownTimeoutMs,
      },
    ]);
  return {
    ...{ path: join(folder, "sync.config.yaml"), folder, state: join(folder, ".tideline-sync") },
    machine: { name: "test", channel: "stable" },
    ledger: ledger.kind === "convex" ? { url: "http://127.0.0.1:1" } : null,
    trust: line.fleet.trust,
    releases: null,
    supervisor: {
      kind: "built-in",
      socket: join(folder, "supervisor.sock"),
      services: Object.fromEntries(services),
    },
    webhook: { host: "127.0.0.1", port: 0 },
    subsystems: Object.fromEntries(subsystems),
  };
}
