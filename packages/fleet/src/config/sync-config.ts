/** What `sync.config.yaml` says, checked, with defaults filled in and paths made absolute. */
import type { UpdateClass } from "@tideline/version/fleet";

/** Where a subsystem's source is published. */
export interface UpstreamConfig {
  /** Git remotes in priority order; `https:`, or `http:` on loopback. */
  readonly remotes: readonly string[];
  /** @default "main" */
  readonly branch: string;
  /** @default "tags" */
  readonly strategy: "tags" | "commits" | "releases";
  /** What stands before the semantic version in a tag. @default "v" */
  readonly tagPrefix: string;
  /** @default false */
  readonly prereleases: boolean;
}

/** How a subsystem is made from source; developer machines only. */
export interface SourceConfig {
  /** The checkout; absolute. Where it exists, the machine is a developer's for this subsystem. */
  readonly folder: string;
  /** Commands, run one after the other in `folder` by the shell. */
  readonly build: readonly string[];
  readonly test: readonly string[];
  /** What `build` leaves behind, absolute. */
  readonly output: string;
}

/** How a subsystem is packaged. */
export interface PackageConfig {
  /** @default "tar.gz" */
  readonly format: "raw" | "gz" | "tar.gz" | "zip";
  /** Name of the file; `{name}`, `{version}`, `{platform}` are filled in. @default "{name}-{version}-{platform}.tar.gz" */
  readonly fileName: string;
}

/** When a service counts as well. */
export interface HealthConfig {
  /** From restart to ready. @default 30_000 */
  readonly readyTimeoutMs: number;
  /** How long it is watched before the update counts. @default 60_000 */
  readonly soakMs: number;
  /** A check of its own besides what the supervisor says: an address that answers 2xx, or a command. */
  readonly check: { readonly http: string } | { readonly command: readonly string[] } | null;
}

/** One binary that is kept up to date. */
export interface SubsystemConfig {
  readonly name: string;
  readonly upstream: UpstreamConfig | null;
  /** A tag or a commit that beats everything else; shown in every check. */
  readonly override: string | null;
  readonly source: SourceConfig | null;
  readonly package: PackageConfig;
  /** The live binary; absolute. `.version` and `.previous/` lie beside it. */
  readonly binary: string;
  /** @default ["--version"] */
  readonly versionArgs: readonly string[];
  /** The supervisor's name for it; null if nothing runs it (a tool). */
  readonly service: string | null;
  readonly health: HealthConfig;
  /**
   * The furthest step that needs nobody's approval on this machine; null: not said, and then "minor",
   * or "major" with a ledger, which asks by itself.
   */
  readonly automatic: UpdateClass | "none" | null;
  /** How old an upstream release has to be. @default 86_400_000 for an upstream, else 0 */
  readonly minimumAgeMs: number;
  /** Local time of day, "HH:MM-HH:MM"; null: always. */
  readonly window: string | null;
}

/** The whole file. */
export interface SyncConfig {
  /** Absolute path of the file. */
  readonly path: string;
  /** The folder that paths in it are relative to: the file's own. */
  readonly folder: string;
  /** Journals, trust, locks, reports; absolute. @default ".tideline-sync" */
  readonly state: string;
  readonly machine: { readonly name: string; readonly channel: string };
  /** Null: local-only. */
  readonly ledger: { readonly url: string } | null;
  readonly trust: {
    /** Raw Ed25519 public keys, 32 bytes in base64. */
    readonly roots: readonly string[];
    /** How many of them must vouch for a keyset. @default 1 */
    readonly threshold: number;
    /** Installs what nobody has signed. For trying things out, and it says so each time. @default false */
    readonly acceptUnsigned: boolean;
  };
  /** Where releases are published and, without a ledger, looked for. */
  readonly releases: {
    readonly kind: "github";
    readonly api: string;
    readonly repository: string;
  } | null;
  readonly supervisor:
    | { readonly kind: "process-compose"; readonly address: string }
    | { readonly kind: "systemd"; readonly scope: "system" | "user" }
    | {
        readonly kind: "built-in";
        readonly socket: string;
        readonly services: Readonly<Record<string, BuiltInService>>;
      };
  readonly webhook: { readonly host: string; readonly port: number };
  readonly subsystems: Readonly<Record<string, SubsystemConfig>>;
}

/** A service that the built-in supervisor runs. */
export interface BuiltInService {
  readonly command: readonly string[];
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Ready when this answers 2xx or exits 0; null: ready when it runs. */
  readonly readiness: { readonly http: string } | { readonly command: readonly string[] } | null;
  /** SIGTERM, and SIGKILL after this. @default 10_000 */
  readonly shutdownTimeoutMs: number;
}
