import { dirname, resolve } from "node:path";
import type { ConfigFile } from "./config-schema.js";
import type { BuiltInService, SubsystemConfig, SyncConfig } from "./sync-config.js";

type SubsystemFile = ConfigFile["subsystems"][string];
type SupervisorFile = NonNullable<ConfigFile["supervisor"]>;
type ServiceFile = NonNullable<Extract<SupervisorFile, { kind: "built-in" }>["services"]>[string];

const DAY_MS = 86_400_000;

/**
 * Fills in every default and makes paths absolute.
 *
 * @param path Where the file is, absolute.
 * @param hostName The machine's own name, where the file gives none.
 */
export function fillInConfig(file: ConfigFile, path: string, hostName: string): SyncConfig {
  const folder = dirname(path);
  const { machine, ledger = null, trust, releases = null, webhook } = file;
  const state = resolve(folder, file.state ?? ".tideline-sync");
  return {
    path,
    folder,
    state,
    machine: { name: machine?.name ?? hostName, channel: machine?.channel ?? "stable" },
    ledger: ledger && { url: ledger.url.replace(/\/+$/, "") },
    trust: {
      roots: trust?.roots ?? [],
      threshold: trust?.threshold ?? 1,
      acceptUnsigned: trust?.acceptUnsigned ?? false,
    },
    releases: releases && {
      kind: "github",
      api: (releases.api ?? "https://api.github.com").replace(/\/+$/, ""),
      repository: releases.repository,
    },
    supervisor: fillInSupervisor(file.supervisor, folder, state),
    webhook: { host: webhook?.host ?? "127.0.0.1", port: webhook?.port ?? 8787 },
    subsystems: Object.fromEntries(
      Object.entries(file.subsystems).map(([name, subsystem]) => [
        name,
        fillInSubsystem(name, subsystem, folder),
      ]),
    ),
  };
}

function fillInSubsystem(name: string, file: SubsystemFile, folder: string): SubsystemConfig {
  const { upstream = null, override = null, source = null, health } = file;
  const format = file.package?.format ?? "tar.gz";
  return {
    name,
    upstream: upstream && {
      remotes: upstream.remotes.map((remote) => remote.replace(/\/+$/, "")),
      branch: upstream.branch ?? "main",
      strategy: upstream.strategy ?? "tags",
      tagPrefix: upstream.tagPrefix ?? "v",
      prereleases: upstream.prereleases ?? false,
    },
    override,
    source: source && {
      folder: resolve(folder, source.folder),
      build: source.build,
      test: source.test ?? [],
      output: resolve(folder, source.output),
    },
    package: {
      format,
      fileName:
        file.package?.fileName ??
        `{name}-{version}-{platform}${format === "raw" ? "" : `.${format}`}`,
    },
    binary: resolve(folder, file.binary),
    versionArgs: file.versionArgs ?? ["--version"],
    service: file.service === undefined ? name : file.service,
    health: {
      readyTimeoutMs: health?.readyTimeout ?? 30_000,
      soakMs: health?.soak ?? 60_000,
      check: health?.check ?? null,
    },
    automatic: file.automatic ?? null,
    minimumAgeMs: file.minimumAge ?? (upstream === null ? 0 : DAY_MS),
    window: file.window ?? null,
  };
}

function fillInSupervisor(
  file: SupervisorFile | undefined,
  folder: string,
  state: string,
): SyncConfig["supervisor"] {
  switch (file?.kind) {
    // What process-compose listens on by itself.
    case undefined:
      return { kind: "process-compose", address: "http://127.0.0.1:8080" };
    case "process-compose": {
      const address = file.address ?? "http://127.0.0.1:8080";
      return {
        kind: "process-compose",
        address: address.startsWith("unix:")
          ? `unix:${resolve(folder, address.slice("unix:".length))}`
          : address.replace(/\/+$/, ""),
      };
    }
    case "systemd":
      return { kind: "systemd", scope: file.scope ?? "system" };
    case "built-in":
      return {
        kind: "built-in",
        socket: file.socket ? resolve(folder, file.socket) : resolve(state, "supervisor.sock"),
        services: Object.fromEntries(
          Object.entries(file.services ?? {}).map(([name, service]) => [
            name,
            fillInService(service, folder),
          ]),
        ),
      };
    default:
      file satisfies never;
      throw new TypeError("Cannot fill in the supervisor: expected one of the kinds");
  }
}

function fillInService(file: ServiceFile, folder: string): BuiltInService {
  return {
    command: file.command,
    folder: resolve(folder, file.folder ?? "."),
    environment: file.environment ?? {},
    readiness: file.readiness ?? null,
    shutdownTimeoutMs: file.shutdownTimeout ?? 10_000,
  };
}
