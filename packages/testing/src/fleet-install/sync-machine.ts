/**
 * A machine on which `tideline-sync` was installed from its one file: its guard runs it, three small
 * services run beside it, and releases of it are signed and served by a host.
 */
import { createHmac, randomUUID } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  privateKeyPem,
  type RunningSupervisor,
  type ServiceState,
  startSupervisor,
} from "@tideline/fleet";
import { platformKey } from "@tideline/version/fleet";
import { stringify } from "yaml";
import { hashFile } from "../../../fleet/src/artifact/hash-file.js";
import { platformHere } from "../../../fleet/src/artifact/platform-here.js";
import { readDenied } from "../../../fleet/src/engine/denied.js";
import { type Outcomes, readOutcomes } from "../../../fleet/src/engine/outcome.js";
import { guardPaths } from "../../../fleet/src/guard/guard-paths.js";
import { SelfSupervisor } from "../../../fleet/src/guard/self-supervisor.js";
import { packageBinary } from "../../../fleet/src/publish/package-binary.js";
import { withMarker } from "../../../fleet/src/publish/release-marker.js";
import { openSupervisor } from "../../../fleet/src/supervise/open-supervisor.js";
import { readVersionFile } from "../../../fleet/src/swap/version-file.js";
import { freePort } from "../process-compose-rig/index.js";
import { ReleaseHostRig } from "../release-host-rig/index.js";
import { writeServiceProgram } from "../service-program/index.js";
import { SignedFleet } from "../signed-fleet.js";
import { runSync, type SyncProcess, startSync } from "../sync-process.js";
import type { SyncBuilds, SyncFault } from "./sync-builds.js";

const SECRET = "a-secret-of-40-characters-or-so";
const SERVICES = ["nats", "arc", "telegraf"] as const;

export class SyncMachine {
  readonly folder: string;
  readonly host: ReleaseHostRig;
  readonly fleet = new SignedFleet({ now: Date.now() });
  readonly #builds: SyncBuilds;
  readonly #port: number;
  #services: RunningSupervisor | null = null;
  #guard: SyncProcess | null = null;

  private constructor(folder: string, host: ReleaseHostRig, builds: SyncBuilds, port: number) {
    this.folder = folder;
    this.host = host;
    this.#builds = builds;
    this.#port = port;
  }

  /**
   * Installs it, and starts the services beside it; the guard is not started yet.
   *
   * @param install How, in an empty folder. @default 1.0.0 by its own command
   */
  static async install(
    builds: SyncBuilds,
    install: (folder: string) => Promise<void> = (folder) => installFile(builds, folder),
  ): Promise<SyncMachine> {
    const folder = await mkdtemp(join(tmpdir(), "tideline-install-"));
    const machine = new SyncMachine(folder, await ReleaseHostRig.start(), builds, await freePort());
    await install(folder);
    await machine.#configure();
    await machine.#startServices();
    return machine;
  }

  get paths() {
    return guardPaths(join(this.folder, "sync", ".bin", "tideline-sync"));
  }

  get state(): string {
    return join(this.folder, ".tideline-sync");
  }

  get guard(): SyncProcess {
    if (this.#guard === null) throw new Error("Cannot look at the guard: it was not started");
    return this.#guard;
  }

  /** Starts the guard as a machine's own supervisor does, and waits until the service listens. */
  async startGuard(aliveWithin = "30s"): Promise<void> {
    await this.launchGuard(aliveWithin);
    await this.guard.untilLine(/"event":"listening"/);
  }

  /** Starts the guard, whatever becomes of the service. */
  async launchGuard(aliveWithin: string): Promise<void> {
    await this.stopGuard();
    this.#guard = await startSync(["guard", "--alive-within", aliveWithin, "--", "watch"], {
      ...{ cwd: this.folder, file: this.paths.kept, env: { WEBHOOK_SECRET: SECRET } },
    });
  }

  /** Puts a signed release of `tideline-sync` on the host; `says` is what the binary says it is. */
  async publish(
    seq: number,
    version: string,
    {
      fault = null,
      says = version,
    }: { readonly fault?: SyncFault | null; readonly says?: string } = {},
  ): Promise<void> {
    const platform = platformKey(platformHere());
    const tag = `sync-v${version}`;
    const file = `sync-${version}-${platform}.tar.gz`;
    const binary = Buffer.from(this.#builds.text(says, fault));
    const member = "tideline-sync";
    const packaged = await packageBinary({ format: "tar.gz", member, binary, versionFile: null });
    const { bytes, ...artifact } = packaged;
    const url = `${this.host.api}/acme/plat/releases/download/${tag}/${file}`;
    const manifest = this.fleet.manifest({
      ...{ subsystem: "sync", version, seq, createdAt: Date.now() },
      expiresAt: Date.now() + 90 * 86_400_000,
      artifacts: { [platform]: { ...artifact, urls: [url] } },
    });
    const body = withMarker("", { subsystem: "sync", seq, by: "a builder", at: Date.now() });
    const signed = JSON.stringify(this.fleet.sign(manifest));
    this.host.addRelease({ tag, body, assets: { [file]: bytes, "sync.release.json": signed } });
  }

  /** Tells the machine that there is something new. */
  async sendWebhook(): Promise<number> {
    const body = JSON.stringify({ action: "published", release: { tag_name: "sync" } });
    const signature = createHmac("sha256", SECRET).update(body).digest("hex");
    const answer = await fetch(`http://127.0.0.1:${this.#port}/webhook/sync`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "x-github-event": "release",
        "x-github-delivery": randomUUID(),
        "x-hub-signature-256": `sha256=${signature}`,
      },
      body,
    });
    return answer.status;
  }

  async health(): Promise<unknown> {
    return await (await fetch(`http://127.0.0.1:${this.#port}/health`)).json();
  }

  /** sha256 of the active file and of the guard's kept copy. */
  async files(): Promise<{ readonly active: string; readonly kept: string }> {
    const [active, kept] = await Promise.all([
      hashFile(this.paths.active),
      hashFile(this.paths.kept),
    ]);
    return { active: active.sha256, kept: kept.sha256 };
  }

  async version(): Promise<string | null> {
    const reading = await readVersionFile(join(this.folder, "sync", ".bin"));
    return reading.state === "read" ? reading.file.version : null;
  }

  async outcomes(): Promise<Outcomes> {
    return await readOutcomes(this.state, "sync");
  }

  async denied(): Promise<Awaited<ReturnType<typeof readDenied>>> {
    return await readDenied(this.state);
  }

  /** The pid of each service. */
  async pids(): Promise<Readonly<Record<string, number | null>>> {
    const supervisor = openSupervisor({ supervisor: this.#supervisor() });
    const { signal } = new AbortController();
    const states = SERVICES.map(async (name) => [
      name,
      (await supervisor.inspect(name, signal)).pid,
    ]);
    return Object.fromEntries(await Promise.all(states));
  }

  /** Runs the installed program. */
  async run(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    return await runSync(args, { cwd: this.folder, file: this.paths.active, env });
  }

  /** What the guard says of the service. */
  async inspect(): Promise<ServiceState> {
    return await new SelfSupervisor(this.paths.active).inspect(
      "self",
      new AbortController().signal,
    );
  }

  /** Takes the power away from the guard and from what it runs, as soon as a service other than `pid` runs. */
  async cutPower(pid: number | null): Promise<void> {
    const found = new AbortController();
    let other: number | null = null;
    await new SelfSupervisor(this.paths.active).watch(
      "self",
      (state) => {
        if (state.pid === null || state.pid === pid) return;
        other = state.pid;
        found.abort();
      },
      found.signal,
    );
    this.guard.child.kill("SIGKILL");
    process.kill(Number(other), "SIGKILL");
    await this.guard.ended;
    this.#guard = null;
  }

  async stopGuard(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    const guard = this.#guard;
    this.#guard = null;
    if (guard === null) return;
    guard.child.kill(signal);
    await guard.ended;
  }

  async dispose(): Promise<void> {
    await this.stopGuard();
    this.#services?.kill();
    await this.#services?.close();
    await this.host.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  #supervisor() {
    const services = SERVICES.map((name) => [
      name,
      {
        command: [join(this.folder, name, name), "--notes", join(this.folder, name)],
        ...{ folder: this.folder, environment: {}, readiness: null, shutdownTimeoutMs: 300 },
      },
    ]);
    const socket = join(this.folder, "supervisor.sock");
    return { kind: "built-in" as const, socket, services: Object.fromEntries(services) };
  }

  async #startServices(): Promise<void> {
    for (const name of SERVICES) {
      await mkdir(join(this.folder, name), { recursive: true });
      await writeServiceProgram(join(this.folder, name, name), { name, version: "1.0.0" });
    }
    const { kind: _, ...supervisor } = this.#supervisor();
    this.#services = await startSupervisor(supervisor);
  }

  /** For `publish`: the token, a release key and the keyset that names it. */
  publisherEnv(): Record<string, string> {
    const [key] = this.fleet.releaseKeys;
    if (key === undefined) throw new Error("Cannot publish: expected a release key, got none");
    return {
      TIDELINE_RELEASE_TOKEN: this.host.token,
      TIDELINE_RELEASE_KEY: privateKeyPem(key),
      TIDELINE_KEYSET: JSON.stringify(this.fleet.signKeyset()),
    };
  }

  async #configure(): Promise<void> {
    const path = join(this.folder, "sync.config.yaml");
    // What `install` has written names the subsystem already; only its times are shortened here.
    if (!(await readFile(path, "utf8")).includes("service: self")) {
      throw new Error(`Cannot use "${path}": expected a subsystem with the service "self"`);
    }
    const text = stringify({
      supervisor: { kind: "built-in", socket: "supervisor.sock", services: {} },
      trust: this.fleet.trust,
      releases: { kind: "github", api: this.host.api, repository: "acme/plat" },
      webhook: { port: this.#port },
      subsystems: {
        sync: {
          ...{ binary: "sync/.bin/tideline-sync", service: "self" },
          health: { readyTimeout: "10s", soak: "1s" },
        },
      },
    });
    await writeFile(path, text);
  }
}

async function installFile(builds: SyncBuilds, folder: string): Promise<void> {
  const file = await builds.write("1.0.0");
  const { code, lines } = await runSync(["install"], { cwd: folder, file });
  if (code !== 0) throw new Error(`Cannot install: it ended with ${code}\n${lines.join("\n")}`);
}
