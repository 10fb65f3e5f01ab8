/**
 * One machine with one service under a real supervisor, and the engine that updates it: real binaries
 * (a Node program of ours that serves HTTP), real downloads, the paces that the product has.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import {
  readinessByNotes,
  type ServiceVariant,
  writeServiceProgram,
} from "@tideline/testing/service-program";
import { SignedFleet } from "@tideline/testing/signed-fleet";
// Each by itself: the rig's door also opens a program that reads the command line.
import { FileHost } from "../../../testing/src/engine-rig/file-host.js";
import { RecordingLedger } from "../../../testing/src/engine-rig/recording-ledger.js";
import { type Published, ReleaseLine } from "../../../testing/src/engine-rig/release-line.js";
import { freePort, ProcessComposeRig } from "../../../testing/src/process-compose-rig/index.js";
import type { SyncConfig } from "../../src/config/sync-config.js";
import type { EngineDeps } from "../../src/engine/engine-deps.js";
import type { UpdateOutcome } from "../../src/engine/update-outcome.js";
import { updateSubsystem } from "../../src/engine/update-subsystem.js";
import type { FleetLedger } from "../../src/ledger/fleet-ledger.js";
import { startSupervisor } from "../../src/supervise/built-in/start-supervisor.js";
import { openSupervisor } from "../../src/supervise/open-supervisor.js";
import type { ServiceState, Supervisor } from "../../src/supervise/supervisor.js";
import { writeVersionFile } from "../../src/swap/version-file.js";
import { TrustStore } from "../../src/trust/trust-store.js";
import type { Address } from "./asking-process.js";

/** Which machine. */
export interface ServiceMachineOptions {
  /** Path of process-compose; null: the built-in supervisor. */
  readonly processCompose: string | null;
  /** Where the service listens. */
  readonly listen: "port" | "socket";
  readonly soakMs: number;
  /** Of `sync.config.yaml`. @default none */
  readonly ledgerUrl?: string;
}

const NAME = "demo";

/** The machine; its service runs 1.0.1 and is ready. */
export class ServiceMachine {
  readonly config: SyncConfig;
  readonly supervisor: Supervisor;
  readonly service = NAME;
  /** Where the service is asked. */
  readonly address: Address;
  /** Where a process that nobody supervises listens. */
  readonly bareAddress: Address;
  ledger: FleetLedger = new RecordingLedger();
  machine: EngineDeps["machine"] = null;
  readonly #folder: string;
  readonly #fleet: SignedFleet;
  #halt: () => Promise<void> = async () => {};
  #seq = 1;

  private constructor(folder: string, fleet: SignedFleet, config: SyncConfig, ports: number[]) {
    this.#folder = folder;
    this.#fleet = fleet;
    this.config = config;
    this.supervisor = openSupervisor(config, {});
    const [port = 0, barePort = 0] = ports;
    const isPort = ports.length > 0;
    this.address = isPort ? { port } : { socketPath: join(folder, "live.sock") };
    this.bareAddress = isPort ? { port: barePort } : { socketPath: join(folder, "bare.sock") };
  }

  static async start(options: ServiceMachineOptions): Promise<ServiceMachine> {
    const { processCompose, listen, soakMs, ledgerUrl } = options;
    const folder = await mkdtemp(join(tmpdir(), "tideline-bench-"));
    const fleet = new SignedFleet({ now: Date.now() });
    const ports = listen === "port" ? [await freePort(), await freePort()] : [];
    const binary = join(folder, "bin", NAME);
    const notes = join(folder, "notes");
    await mkdir(notes);
    const command = [binary, "--notes", notes, ...placeOf(folder, ports[0], "live.sock")];
    const http = `http://127.0.0.1:${ports[0]}/ready`;
    const readiness = listen === "port" ? { http } : readinessByNotes(notes);
    const service = { command, folder, environment: {}, readiness, shutdownTimeoutMs: 5_000 };
    const config: SyncConfig = {
      ...{ path: join(folder, "sync.config.yaml"), folder, state: join(folder, ".tideline-sync") },
      machine: { name: "bench", channel: "stable" },
      ledger: ledgerUrl === undefined ? null : { url: ledgerUrl },
      ...{ trust: fleet.trust, releases: null, webhook: { host: "127.0.0.1", port: 0 } },
      supervisor:
        processCompose === null
          ? { kind: "built-in", socket: join(folder, "s.sock"), services: { [NAME]: service } }
          : {
              kind: "process-compose",
              address: `unix:${join(folder, "process-compose.sock")}`,
            },
      subsystems: {
        [NAME]: {
          ...{ name: NAME, upstream: null, override: null, source: null, binary, service: NAME },
          package: { format: "raw", fileName: NAME },
          ...{ versionArgs: ["--version"], automatic: "minor", minimumAgeMs: 0, window: null },
          health: { readyTimeoutMs: 20_000, soakMs, check: null },
        },
      },
    };
    const machine = new ServiceMachine(folder, fleet, config, ports);
    const program = { name: NAME, version: "1.0.1", http: true };
    const { sha256: checksum } = await writeServiceProgram(binary, program);
    const version = { version: "1.0.1", seq: 1, commit: null, timestamp: Date.now(), checksum };
    await writeVersionFile(dirname(binary), version);
    if (config.supervisor.kind === "built-in") {
      const running = await startSupervisor(config.supervisor);
      machine.#halt = running.close;
    } else {
      const probe =
        listen === "port"
          ? { http_get: { host: "127.0.0.1", port: String(ports[0]), path: "/ready" } }
          : { exec: { command: `sh ${await writeProbe(folder)}` } };
      const process = {
        command: `exec ${command.join(" ")}`,
        working_dir: folder,
        availability: { restart: "always" },
        shutdown: { timeout_seconds: 5 },
        readiness_probe: { ...probe, period_seconds: 1, failure_threshold: 30 },
      };
      const rig = await ProcessComposeRig.start({
        ...{ program: processCompose ?? "", folder, processes: { [NAME]: process } },
      });
      machine.#halt = () => rig.stop();
    }
    try {
      await machine.until(({ isReady }) => isReady === true);
    } catch (error) {
      await machine.dispose();
      throw error;
    }
    return machine;
  }

  /**
   * Publishes the next release and installs it.
   *
   * @param options.atDownloaded Called when nothing more is needed of the release host, which is gone by then.
   */
  async update(
    variant: ServiceVariant,
    change: Partial<EngineDeps> = {},
    atDownloaded: () => Promise<void> = async () => {},
  ): Promise<UpdateOutcome> {
    const host = await FileHost.start();
    let isOpen = true;
    const closeHost = async () => {
      if (isOpen) await host.close();
      isOpen = false;
    };
    this.#seq += 1;
    const line = new ReleaseLine(this.#fleet, host);
    const published: Published = line.publish(NAME, this.#seq, { variant, http: true });
    const { atStep = () => {} } = change;
    try {
      const deps: EngineDeps = {
        ...{ config: this.config, machine: this.machine, ledger: this.ledger },
        ...{ supervisor: this.supervisor, fetch: globalThis.fetch, now: Date.now, log: () => {} },
        trust: await TrustStore.open(this.config.state),
        ...change,
        atStep: async (step, subsystem) => {
          if (step === "staged") {
            await closeHost();
            await atDownloaded();
          }
          await atStep(step, subsystem);
        },
      };
      const target = { ...published.target, generation: this.#seq };
      const { signal } = new AbortController();
      return await updateSubsystem(deps, NAME, target, { signal, isUrgent: true });
    } finally {
      await closeHost();
    }
  }

  /** Restarts the service by its supervisor and nothing else. */
  async restart(): Promise<void> {
    await this.supervisor.restart(NAME, new AbortController().signal);
  }

  /** Runs the live binary without a supervisor. */
  spawnBare(binary = this.binary): ChildProcess {
    const [port] = "port" in this.bareAddress ? [this.bareAddress.port] : [];
    const args = placeOf(this.#folder, port, "bare.sock");
    return spawn(binary, args, { cwd: this.#folder, stdio: "ignore" });
  }

  get binary(): string {
    return join(this.#folder, "bin", NAME);
  }

  /** Resolves once the supervisor says that the service is so. */
  async until(holds: (state: ServiceState) => boolean): Promise<ServiceState> {
    const found = new AbortController();
    let state: ServiceState | null = null;
    const hear = (now: ServiceState) => {
      if (state !== null || !holds(now)) return;
      state = now;
      found.abort();
    };
    const timer = setTimeout(() => found.abort(), 60_000);
    await this.supervisor.watch(NAME, hear, found.signal);
    clearTimeout(timer);
    if (state === null) throw new Error("Cannot measure: the service never came to that state");
    return state;
  }

  /** Removes what ended processes have left, as a pid may come again. */
  async sweepNotes(): Promise<void> {
    const notes = join(this.#folder, "notes");
    for (const name of await readdir(notes)) {
      const pid = Number(/^ready-(\d+)$/.exec(name)?.[1] ?? Number.NaN);
      if (!Number.isNaN(pid) && !isAlive(pid)) await rm(join(notes, name));
    }
  }

  async dispose(): Promise<void> {
    await this.#halt();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** Ends a process in order and resolves when it is gone. */
export async function end(child: ChildProcess): Promise<void> {
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGTERM");
  await gone;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function placeOf(folder: string, port: number | undefined, socket: string): string[] {
  return port === undefined ? ["--socket", join(folder, socket)] : ["--port", String(port)];
}

/**
 * process-compose tells a probe no pid: any process that lives and has noted that it is ready. A file,
 * as it fills in variables of its own in what is a command.
 */
async function writeProbe(folder: string): Promise<string> {
  const each = `kill -0 "\${ready##*-}" 2> /dev/null && exit 0`;
  const path = join(folder, "probe.sh");
  await writeFile(path, `for ready in ${folder}/notes/ready-*; do ${each}; done\nexit 1\n`);
  return path;
}
