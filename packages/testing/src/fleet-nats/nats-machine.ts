/**
 * A user's machine of the fleet: nats and three other services and `tideline-sync watch`, all run by
 * one supervisor, with their releases on a host and their upstreams on a git server.
 */
import { createHash, createHmac } from "node:crypto";
import { cp, mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { platformKey } from "@tideline/version/fleet";
import { stringify } from "yaml";
import { platformHere } from "../../../fleet/src/artifact/platform-here.js";
import { packageBinary } from "../../../fleet/src/publish/package-binary.js";
import { withMarker } from "../../../fleet/src/publish/release-marker.js";
import {
  type RunningSupervisor,
  startSupervisor,
} from "../../../fleet/src/supervise/built-in/start-supervisor.js";
import { openSupervisor } from "../../../fleet/src/supervise/open-supervisor.js";
import type { Supervisor } from "../../../fleet/src/supervise/supervisor.js";
import { writeVersionFile } from "../../../fleet/src/swap/version-file.js";
import { builtSync } from "../built-sync.js";
import { GitHostRig } from "../git-host-rig/index.js";
import { freePort, ProcessComposeRig } from "../process-compose-rig/index.js";
import { ReleaseHostRig } from "../release-host-rig/index.js";
import { serviceProgram, writeServiceProgram } from "../service-program/index.js";
import { SignedFleet } from "../signed-fleet.js";
import { runSync } from "../sync-process.js";

/** The other services, as the fleet's owner has them. */
export const OTHERS = ["arc", "liftbridge", "telegraf"] as const;
export const NAMES = ["nats", ...OTHERS] as const;
export type ServiceName = (typeof NAMES)[number];

const SECRET = "a-secret-of-40-characters-or-so";

/** The real programs, where they can be had. */
export interface NatsPrograms {
  /** Null: the built-in supervisor runs it all. */
  readonly processCompose: string | null;
  /** nats-server 2.10.24 and 2.10.25; null: small programs of ours stand in. */
  readonly nats: readonly [string, string] | null;
}

/** The machine with everything around it. */
export class NatsMachine {
  readonly folder: string;
  readonly host: ReleaseHostRig;
  readonly git: GitHostRig;
  readonly #fleet = new SignedFleet({ now: Date.now() });
  readonly #programs: NatsPrograms;
  /** Where `tideline-sync` lies. */
  readonly #sync: string;
  readonly #ports = new Map<string, number>();
  readonly #commits = new Map<string, string>();
  #compose: ProcessComposeRig | null = null;
  #builtIn: RunningSupervisor | null = null;

  private constructor(
    folder: string,
    host: ReleaseHostRig,
    git: GitHostRig,
    programs: NatsPrograms,
    sync: string,
  ) {
    this.folder = folder;
    this.host = host;
    this.git = git;
    this.#programs = programs;
    this.#sync = sync;
  }

  /** A machine with 2.10.24 of nats and 1.0.0 of the others, installed and running. */
  static async start(programs: NatsPrograms): Promise<NatsMachine> {
    const folder = await mkdtemp(join(tmpdir(), "tideline-nats-"));
    const [host, git] = [await ReleaseHostRig.start(), await GitHostRig.start()];
    const machine = new NatsMachine(folder, host, git, programs, await builtSync());
    for (const name of [...NAMES, "sync", "nats monitoring"]) {
      machine.#ports.set(name, await freePort());
    }
    await machine.#install();
    await machine.#configure();
    await machine.#run();
    return machine;
  }

  get supervisor(): Supervisor {
    return openSupervisor({ supervisor: this.#supervisorConfig }, {});
  }

  binary(name: ServiceName): string {
    return join(this.folder, name, ".bin", name === "nats" ? "nats-server" : name);
  }

  /** The upstream tags the next version, and a publisher releases it: what is built of it is signed. */
  async releaseNats(): Promise<void> {
    await this.#publish("nats", "2.10.25", 7, await this.#natsBytes(1));
  }

  /** Sends what the release host would, signed over the bytes as they are. */
  async sendWebhook(secret = SECRET): Promise<number> {
    const body = JSON.stringify({ action: "published", release: { tag_name: "nats-v2.10.25" } });
    const signature = createHmac("sha256", secret).update(body).digest("hex");
    const url = `http://127.0.0.1:${this.#ports.get("sync")}/webhook/nats`;
    const answer = await fetch(url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "x-github-event": "release",
        "x-github-delivery": "0b989ba4-242f-11e5-81e1-c7b6966d2516",
        "x-hub-signature-256": `sha256=${signature}`,
      },
      body,
    });
    return answer.status;
  }

  /** What `tideline-sync check --json` prints. */
  async check(): Promise<Record<string, unknown>> {
    const { code, stdout, lines } = await runSync(["check", "--json"], { cwd: this.folder });
    if (code !== 0) throw new Error(`Cannot check: it ended with ${code}\n${lines.join("\n")}`);
    return JSON.parse(stdout) as Record<string, unknown>;
  }

  /** The version that nats itself tells whoever connects. */
  async natsSays(): Promise<string> {
    if (this.#programs.nats === null) {
      const answer = await fetch(`http://127.0.0.1:${this.#ports.get("nats")}/version`);
      return await answer.text();
    }
    return await new Promise((resolve, reject) => {
      const socket = connect(this.#ports.get("nats") ?? 0, "127.0.0.1");
      socket.once("error", reject);
      // The protocol begins with a line of INFO and JSON.
      socket.once("data", (bytes) => {
        socket.destroy();
        resolve(/"version":"([^"]+)"/.exec(bytes.toString())?.[1] ?? "");
      });
    });
  }

  /** Inode and time of every other service's binary: what would change if it were touched. */
  async otherFiles(): Promise<string[]> {
    const stats = await Promise.all(OTHERS.map((name) => stat(this.binary(name))));
    return stats.map(({ ino, mtimeMs }) => `${ino} ${mtimeMs}`);
  }

  /** What `tideline-sync watch` has logged, for a failure's message. */
  async syncLog(): Promise<string> {
    const lines = await this.supervisor.logs("sync", 200, new AbortController().signal);
    return lines.join("\n");
  }

  async dispose(): Promise<void> {
    await this.#compose?.stop();
    await this.#builtIn?.close();
    await Promise.all([this.host.close(), this.git.close()]);
    await rm(this.folder, { recursive: true, force: true });
  }

  async #natsBytes(index: 0 | 1): Promise<Buffer> {
    const { nats } = this.#programs;
    if (nats !== null) return await readFile(nats[index]);
    const version = index === 0 ? "2.10.24" : "2.10.25";
    return serviceProgram({ name: "nats-server", version, http: true }).bytes;
  }

  async #install(): Promise<void> {
    const nats = this.binary("nats");
    await mkdir(dirname(nats), { recursive: true });
    if (this.#programs.nats !== null) await cp(this.#programs.nats[0], nats);
    else await writeServiceProgram(nats, { name: "nats-server", version: "2.10.24", http: true });
    for (const name of OTHERS) {
      await writeServiceProgram(this.binary(name), { name, version: "1.0.0", http: true });
    }
    for (const name of NAMES) {
      const upstream = await this.git.addRepository(name);
      const version = name === "nats" ? "2.10.24" : "1.0.0";
      const commit = await upstream.commit(`${name} ${version}`);
      await upstream.tag(`v${version}`);
      this.#commits.set(`${name} ${version}`, commit);
      if (name === "nats") {
        this.#commits.set("nats 2.10.25", await upstream.commit("nats 2.10.25"));
        await upstream.tag("v2.10.25");
      }
      const bytes = await readFile(this.binary(name));
      const seq = name === "nats" ? 6 : 1;
      const checksum = createHash("sha256").update(bytes).digest("hex");
      const timestamp = Date.UTC(2026, 0, 2);
      await writeVersionFile(dirname(this.binary(name)), {
        ...{ commit, timestamp, checksum, version, seq },
      });
      await this.#publish(name, version, seq, bytes);
    }
  }

  async #publish(
    subsystem: ServiceName,
    version: string,
    seq: number,
    binary: Buffer,
  ): Promise<void> {
    const platform = platformKey(platformHere());
    const tag = `${subsystem}-v${version}`;
    const file = `${subsystem}-${version}-${platform}.tar.gz`;
    const member = subsystem === "nats" ? "nats-server" : subsystem;
    const packaged = await packageBinary({ format: "tar.gz", member, binary, versionFile: null });
    const { bytes, ...artifact } = packaged;
    const url = `${this.host.api}/acme/plat/releases/download/${tag}/${file}`;
    const oid = this.#commits.get(`${subsystem} ${version}`) ?? "";
    const manifest = this.#fleet.manifest({
      ...{ subsystem, version, seq },
      createdAt: Date.now(),
      expiresAt: Date.now() + 90 * 86_400_000,
      upstream: { url: `${this.git.url}/${subsystem}.git`, tag: `v${version}`, oid },
      artifacts: { [platform]: { ...artifact, urls: [url] } },
    });
    const signed = JSON.stringify(this.#fleet.sign(manifest));
    const body = withMarker("", { subsystem, seq, by: "the build machine", at: Date.now() });
    const assets = { [file]: bytes, [`${subsystem}.release.json`]: signed };
    this.host.addRelease({ tag, body, assets });
  }

  get #supervisorConfig() {
    return this.#programs.processCompose === null
      ? {
          kind: "built-in" as const,
          socket: join(this.folder, "supervisor.sock"),
          services: this.#builtInServices(),
        }
      : {
          kind: "process-compose" as const,
          address: `unix:${join(this.folder, "process-compose.sock")}`,
        };
  }

  async #configure(): Promise<void> {
    const supervisor = this.#supervisorConfig;
    const subsystem = (name: ServiceName) => ({
      upstream: { remotes: [`${this.git.url}/${name}.git`] },
      binary: `${name}/.bin/${name === "nats" ? "nats-server" : name}`,
      service: name,
      health: { readyTimeout: "20s", soak: "2s" },
      minimumAge: "0s",
    });
    const text = stringify({
      supervisor:
        supervisor.kind === "built-in"
          ? { kind: "built-in", socket: "supervisor.sock", services: this.#configuredServices() }
          : supervisor,
      trust: this.#fleet.trust,
      releases: { kind: "github", api: this.host.api, repository: "acme/plat" },
      webhook: { port: this.#ports.get("sync") },
      subsystems: Object.fromEntries(NAMES.map((name) => [name, subsystem(name)])),
    });
    await writeFile(join(this.folder, "sync.config.yaml"), text);
  }

  async #run(): Promise<void> {
    if (this.#programs.processCompose === null) {
      this.#builtIn = await startSupervisor({
        socket: join(this.folder, "supervisor.sock"),
        services: this.#builtInServices(),
      });
      return;
    }
    const processes = Object.entries(this.#commands()).map(([name, { command, ready }]) => [
      name,
      {
        command: `exec ${command.map((word) => `'${word}'`).join(" ")}`,
        working_dir: this.folder,
        environment: [`WEBHOOK_SECRET=${SECRET}`],
        availability: { restart: "always" },
        shutdown: { timeout_seconds: 10 },
        readiness_probe: {
          http_get: { host: "127.0.0.1", port: String(ready.port), path: ready.path },
          ...{ period_seconds: 1, failure_threshold: 30 },
        },
      },
    ]);
    this.#compose = await ProcessComposeRig.start({
      program: this.#programs.processCompose,
      folder: this.folder,
      processes: Object.fromEntries(processes),
    });
  }

  /** Every service's command, and where it says that it is ready. */
  #commands() {
    const port = (name: string) => this.#ports.get(name) ?? 0;
    const other = (name: ServiceName) => ({
      command: [this.binary(name), "--port", String(port(name))],
      ready: { port: port(name), path: "/ready" },
    });
    const monitoring = port("nats monitoring");
    const nats = {
      command: [this.binary("nats"), "-a", "127.0.0.1", "-p", port("nats"), "-m", monitoring],
      ready: { port: monitoring, path: "/healthz" },
    };
    return {
      nats:
        this.#programs.nats === null
          ? other("nats")
          : { ...nats, command: nats.command.map((word) => String(word)) },
      ...Object.fromEntries(OTHERS.map((name) => [name, other(name)])),
      sync: {
        command: [
          ...[process.execPath, this.#sync],
          ...["watch", "--config", join(this.folder, "sync.config.yaml")],
        ],
        ready: { port: port("sync"), path: "/health" },
      },
    };
  }

  #builtInServices() {
    const service = ({
      command,
      ready,
    }: {
      command: string[];
      ready: { port: number; path: string };
    }) => ({
      command,
      folder: this.folder,
      environment: { WEBHOOK_SECRET: SECRET },
      readiness: { http: `http://127.0.0.1:${ready.port}${ready.path}` },
      shutdownTimeoutMs: 10_000,
    });
    return Object.fromEntries(
      Object.entries(this.#commands()).map(([name, command]) => [name, service(command)]),
    );
  }

  /** As sync.config.yaml has it; `tideline-sync` itself only needs the names. */
  #configuredServices() {
    const services = Object.entries(this.#builtInServices());
    return Object.fromEntries(services.map(([name, { command }]) => [name, { command }]));
  }
}
