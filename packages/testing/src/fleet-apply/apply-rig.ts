/** A user's machine by its configuration file: a service and a tool, a release host, and the built-in supervisor. */
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { platformKey, type ReleaseManifest, type SignedRelease } from "@tideline/version/fleet";
import { stringify } from "yaml";
import { hashFile } from "../../../fleet/src/artifact/hash-file.js";
import { platformHere } from "../../../fleet/src/artifact/platform-here.js";
import { parseConfig } from "../../../fleet/src/config/parse-config.js";
import { withMarker } from "../../../fleet/src/publish/release-marker.js";
import {
  type RunningSupervisor,
  startSupervisor,
} from "../../../fleet/src/supervise/built-in/start-supervisor.js";
import { openSupervisor } from "../../../fleet/src/supervise/open-supervisor.js";
import { writeVersionFile } from "../../../fleet/src/swap/version-file.js";
import { ReleaseHostRig } from "../release-host-rig/index.js";
import {
  type ServiceProgramOptions,
  serviceProgram,
  writeServiceProgram,
} from "../service-program/index.js";
import { rawArtifact, SignedFleet } from "../signed-fleet.js";
import { runSync } from "../sync-process.js";

/** What a command came to. */
export interface CommandEnd {
  readonly code: number | null;
  readonly text: string;
  /** Standard output as JSON, where it is that. */
  readonly json: never;
}

export class ApplyRig {
  readonly folder: string;
  readonly host: ReleaseHostRig;
  readonly fleet = new SignedFleet({ now: Date.now() });
  #services: RunningSupervisor | null = null;

  private constructor(folder: string, host: ReleaseHostRig) {
    this.folder = folder;
    this.host = host;
  }

  /** nats 1.0.1 runs as a service; arc 1.0.1 is a tool. */
  static async start(): Promise<ApplyRig> {
    const folder = await realpath(await mkdtemp(join(tmpdir(), "tideline-apply-")));
    const rig = new ApplyRig(folder, await ReleaseHostRig.start());
    for (const name of ["nats", "arc"]) await rig.#plant(name);
    await mkdir(join(folder, "notes"));
    await rig.configure();
    rig.#services = await startSupervisor({
      socket: join(folder, "supervisor.sock"),
      services: {
        nats: {
          command: [rig.binary("nats"), "--notes", join(folder, "notes")],
          ...{ folder, environment: {}, readiness: null, shutdownTimeoutMs: 1_000 },
        },
      },
    });
    return rig;
  }

  /** @param more What the configuration says besides, or instead. */
  async configure(more: object = {}, subsystem: object = {}): Promise<void> {
    const health = { readyTimeout: "2s", soak: "0.1s" };
    const text = stringify({
      supervisor: {
        kind: "built-in",
        socket: "supervisor.sock",
        services: { nats: { command: [this.binary("nats")] } },
      },
      trust: this.fleet.trust,
      releases: { kind: "github", api: this.host.api, repository: this.host.repository.name },
      subsystems: {
        nats: { binary: "nats/.bin/nats", service: "nats", health, ...subsystem },
        arc: { binary: "arc/.bin/arc", service: null, health },
      },
      ...more,
    });
    await writeFile(join(this.folder, "sync.config.yaml"), text);
  }

  /** Puts a signed release on the host. */
  publish(
    name: string,
    seq: number,
    change: Partial<ReleaseManifest> & Pick<Partial<ServiceProgramOptions>, "variant"> = {},
  ): SignedRelease {
    const { variant = "good", version = `1.0.${seq}`, ...rest } = change;
    const { bytes } = serviceProgram({ name, version, variant });
    const tag = `${name}-v${version}`;
    const url = `${this.host.api}/${this.host.repository.name}/releases/download/${tag}/${name}`;
    const manifest = this.fleet.manifest({
      ...{ subsystem: name, seq, version },
      artifacts: { [platformKey(platformHere())]: rawArtifact(bytes, [url]) },
      ...rest,
    });
    const release = this.fleet.sign(manifest);
    const body = withMarker("", { subsystem: name, seq, by: "the build machine", at: Date.now() });
    const assets = { [name]: bytes, [`${name}.release.json`]: JSON.stringify(release) };
    this.host.addRelease({ tag, body, assets });
    return release;
  }

  /** Runs `tideline-sync`. */
  async run(
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<CommandEnd> {
    const { code, stdout, lines } = await runSync(args, { cwd: this.folder, env });
    const json = stdout.startsWith("{") ? JSON.parse(stdout) : null;
    return { code, text: lines.join("\n"), json: json as never };
  }

  binary(name: string): string {
    return join(this.folder, name, ".bin", name);
  }

  async version(name: string): Promise<string | null> {
    const text = await readFile(join(dirname(this.binary(name)), ".version"), "utf8");
    return /^version: (.*)$/m.exec(text)?.[1] ?? null;
  }

  /** Writes `.version` for what lies there now. */
  async recordLive(
    name: string,
    { version, seq }: { readonly version: string; readonly seq: number },
  ): Promise<void> {
    const { sha256: checksum } = await hashFile(this.binary(name));
    const file = { commit: null, timestamp: Date.now(), checksum, version, seq };
    await writeVersionFile(dirname(this.binary(name)), file);
  }

  /** Kills the service's process; its supervisor starts what lies there now. */
  async endService(name: string): Promise<void> {
    const text = await readFile(join(this.folder, "sync.config.yaml"), "utf8");
    const parsed = parseConfig(text, join(this.folder, "sync.config.yaml"), "host");
    if (!parsed.ok) throw new Error(`Cannot end "${name}": the configuration is wrong`);
    const supervisor = openSupervisor(parsed.config);
    const { signal } = new AbortController();
    const { pid } = await supervisor.inspect(name, signal);
    if (pid !== null) process.kill(pid, "SIGKILL");
    const ended = new AbortController();
    await supervisor.watch(name, (state) => state.pid !== pid && ended.abort(), ended.signal);
  }

  async stopServices(): Promise<void> {
    this.#services?.kill();
    await this.#services?.close();
    this.#services = null;
  }

  /** The versions that nats was started as, in order. */
  async starts(): Promise<readonly string[]> {
    const text = await readFile(join(this.folder, "notes", "starts"), "utf8");
    return text
      .trim()
      .split("\n")
      .map((line) => line.split(" ")[1] ?? "");
  }

  async close(): Promise<void> {
    await this.stopServices();
    await this.host.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  async #plant(name: string): Promise<void> {
    const version = "1.0.1";
    const { sha256 } = await writeServiceProgram(this.binary(name), { name, version });
    const timestamp = Date.UTC(2026, 0, 1);
    const file = { commit: null, timestamp, checksum: sha256, version, seq: 1 };
    await writeVersionFile(dirname(this.binary(name)), file);
  }
}
