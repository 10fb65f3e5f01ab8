/** A machine's folder with a configuration, a git server, and what a check of it gives. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  checkUpstreams,
  type DetectWorld,
  githubToken,
  loadConfig,
  type SubsystemCheck,
  type SyncConfig,
  type SyncError,
  type UpstreamChecks,
} from "@tideline/fleet";
import { GitHostRig } from "../git-host-rig/index.js";

/** What a subsystem's `upstream` says, besides its remotes. */
export interface UpstreamSettings {
  readonly strategy?: "tags" | "commits" | "releases";
  readonly branch?: string;
  readonly tagPrefix?: string;
  readonly prereleases?: boolean;
  readonly override?: string;
  /** @default "0s" */
  readonly minimumAge?: string;
}

/** The machine. */
export class DetectRig {
  readonly git: GitHostRig;
  readonly folder: string;
  /** ms since epoch. */
  now = Date.UTC(2026, 5, 1);
  timeoutMs = 10_000;
  readonly #subsystems: string[] = [];

  private constructor(git: GitHostRig, folder: string) {
    this.git = git;
    this.folder = folder;
  }

  static async start(): Promise<DetectRig> {
    const [git, folder] = await Promise.all([
      GitHostRig.start(),
      mkdtemp(join(tmpdir(), "tideline-detect-")),
    ]);
    return new DetectRig(git, folder);
  }

  /** Puts a subsystem into the configuration. */
  async configure(
    name: string,
    remotes: readonly string[],
    { override, minimumAge = "0s", ...upstream }: UpstreamSettings = {},
  ): Promise<void> {
    const settings = { ...(override !== undefined && { override }), minimumAge };
    const binary = `${name}/.bin/${name}`;
    const subsystem = JSON.stringify({ binary, ...settings, upstream: { remotes, ...upstream } });
    const others = this.#subsystems.filter((line) => !line.startsWith(`  ${name}: `));
    this.#subsystems.splice(0, Infinity, ...others, `  ${name}: ${subsystem}`);
    const text = `subsystems:\n${this.#subsystems.join("\n")}\n`;
    await writeFile(join(this.folder, "sync.config.yaml"), text);
  }

  /** Writes `.version` beside the binary, as an installation leaves it; no file is checked for. */
  async install(name: string, at: { commit?: string; version?: string }): Promise<void> {
    const folder = join(this.folder, name, ".bin");
    await mkdir(folder, { recursive: true });
    const lines = [
      `commit: ${at.commit ?? "none"}`,
      "timestamp: 2026-05-01T08:35:43Z",
      `checksum: ${"0".repeat(64)}`,
      ...(at.version === undefined ? [] : [`version: ${at.version}`]),
    ];
    await writeFile(join(folder, ".version"), `${lines.join("\n")}\n`);
  }

  config(): Promise<SyncConfig> {
    return loadConfig(this.folder);
  }

  world(more: Partial<DetectWorld> = {}): DetectWorld {
    const signal = new AbortController().signal;
    const { now, timeoutMs } = this;
    const tokenFor = githubToken({});
    return { fetch, now: () => now, signal, log: () => {}, tokenFor, timeoutMs, ...more };
  }

  /** Looks at every upstream. */
  async checkAll(only?: readonly string[]): Promise<UpstreamChecks> {
    const options = only === undefined ? {} : { only };
    return await checkUpstreams(await this.config(), options, this.world());
  }

  /** Looks at one; throws what it fails with. */
  async check(name: string): Promise<SubsystemCheck> {
    const { checks, failures } = await this.checkAll([name]);
    const [failure] = failures;
    if (failure !== undefined) throw failure.error;
    const [check] = checks;
    if (check === undefined) throw new RangeError(`Cannot check "${name}": it has no upstream`);
    return check;
  }

  /** Looks at one that cannot be looked at; gives the reason. */
  async refusal(name: string): Promise<SyncError["reason"] | null> {
    const { failures } = await this.checkAll([name]);
    return failures[0]?.error.reason ?? null;
  }

  /** The bytes of the manifest; empty where there is none. */
  async manifest(): Promise<string> {
    const path = join(this.folder, ".version-manifest.json");
    return await readFile(path, "utf8").catch(() => "");
  }

  async close(): Promise<void> {
    await this.git.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}
