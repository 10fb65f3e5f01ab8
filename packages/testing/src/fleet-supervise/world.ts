/** The same services under either supervisor, for tests that hold for both. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BuiltInService } from "../../../fleet/src/config/sync-config.js";
import {
  type RunningSupervisor,
  startSupervisor,
} from "../../../fleet/src/supervise/built-in/start-supervisor.js";
import { ProcessComposeSupervisor } from "../../../fleet/src/supervise/process-compose.js";
import type { Supervisor } from "../../../fleet/src/supervise/supervisor.js";
import { parseSupervisorAddress } from "../../../fleet/src/supervise/supervisor-address.js";
import { freePort, ProcessComposeRig } from "../process-compose-rig/index.js";
import { type ServiceProgramOptions, writeServiceProgram } from "../service-program/index.js";

/** Which supervisor. */
export type WorldKind = "built-in" | "process-compose";

/** One service of a world. */
export interface WorldService extends ServiceProgramOptions {
  /** Whether the supervisor asks it if it is ready. @default true */
  readonly hasProbe?: boolean;
  /** Seconds. @default 5 */
  readonly shutdownTimeout?: number;
}

/** A supervisor with services that serve HTTP, each with a port of its own. */
export class World {
  readonly kind: WorldKind;
  readonly folder: string;
  readonly #program: string;
  readonly #ports = new Map<string, number>();
  #rig: ProcessComposeRig | null = null;
  #builtIn: RunningSupervisor | null = null;
  #services: Readonly<Record<string, WorldService>> = {};

  private constructor(kind: WorldKind, folder: string, program: string) {
    this.kind = kind;
    this.folder = folder;
    this.#program = program;
  }

  /** @param program Of process-compose. */
  static async start(
    kind: WorldKind,
    program: string,
    services: Readonly<Record<string, WorldService>>,
  ): Promise<World> {
    const world = new World(kind, await mkdtemp(join(tmpdir(), "tideline-world-")), program);
    for (const [name, service] of Object.entries(services)) await world.swap(name, service);
    await world.run(services);
    return world;
  }

  /** Where it listens. */
  get socket(): string {
    return join(this.folder, this.kind === "built-in" ? "built-in.sock" : "process-compose.sock");
  }

  /** A client, at the supervisor's own address unless told otherwise. */
  client(address = `unix:${this.socket}`): Supervisor {
    return new ProcessComposeSupervisor({
      ...{ kind: this.kind, address: parseSupervisorAddress(address) },
      token: async () => null,
    });
  }

  /** Puts another program at the live path of a service. */
  async swap(name: string, service: ServiceProgramOptions): Promise<void> {
    await writeServiceProgram(this.binary(name), { name, http: true, ...service });
  }

  binary(name: string): string {
    return join(this.folder, name, "bin", name);
  }

  /** Starts the supervisor, with these services if they are given. */
  async run(services = this.#services): Promise<void> {
    this.#services = services;
    for (const name of Object.keys(services)) {
      if (!this.#ports.has(name)) this.#ports.set(name, await freePort());
    }
    if (this.kind === "built-in") {
      this.#builtIn = await startSupervisor({
        socket: this.socket,
        services: this.#map((name, service) => this.#asBuiltIn(name, service)),
        pace: { soonMs: 20, laterMs: 50, timeoutMs: 2_000 },
        backOff: { firstMs: 200, lastMs: 1_000 },
      });
      return;
    }
    const processes = this.#map((name, service) => this.#asProcess(name, service));
    if (this.#rig === null) {
      const { folder } = this;
      this.#rig = await ProcessComposeRig.start({ program: this.#program, folder, processes });
    } else {
      await this.#rig.configure(processes);
      await this.#rig.start();
    }
  }

  /** Ends the supervisor with its services. */
  async halt(): Promise<void> {
    await this.#rig?.stop();
    await this.#builtIn?.close();
    this.#builtIn = null;
  }

  /** Every start of a service so far: `"<pid> <version>"`. */
  async starts(name: string): Promise<string[]> {
    const text = await readFile(join(this.folder, name, "starts"), "utf8").catch(() => "");
    return text.split("\n").filter((line) => line !== "");
  }

  async dispose(): Promise<void> {
    await this.halt();
    await rm(this.folder, { recursive: true, force: true });
  }

  #map<T>(make: (name: string, service: WorldService) => T): Record<string, T> {
    const entries = Object.entries(this.#services);
    return Object.fromEntries(entries.map(([name, service]) => [name, make(name, service)]));
  }

  #command(name: string): string[] {
    const port = String(this.#ports.get(name));
    return [this.binary(name), "--notes", join(this.folder, name), "--port", port];
  }

  #asBuiltIn(name: string, { hasProbe = true, shutdownTimeout = 5 }: WorldService): BuiltInService {
    const http = `http://127.0.0.1:${this.#ports.get(name)}/ready`;
    return {
      command: this.#command(name),
      folder: this.folder,
      environment: {},
      readiness: hasProbe ? { http } : null,
      shutdownTimeoutMs: shutdownTimeout * 1000,
    };
  }

  #asProcess(name: string, { hasProbe = true, shutdownTimeout = 5 }: WorldService): object {
    const httpGet = { host: "127.0.0.1", port: String(this.#ports.get(name)), path: "/ready" };
    return {
      command: `exec ${this.#command(name).join(" ")}`,
      availability: { restart: "always", backoff_seconds: 1 },
      shutdown: { timeout_seconds: shutdownTimeout },
      ...(hasProbe && {
        readiness_probe: { http_get: httpGet, period_seconds: 1, failure_threshold: 30 },
      }),
    };
  }
}
