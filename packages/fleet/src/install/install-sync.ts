/** An installation: the program, a configuration, a place in the fleet, and who starts it. */
import { stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { platformKey } from "@tideline/version/fleet";
import { platformHere } from "../artifact/platform-here.js";
import type { Env } from "../commands/terminal.js";
import { CONFIG_FILE_NAME, loadConfig } from "../config/load-config.js";
import type { SyncConfig } from "../config/sync-config.js";
import { guardPaths } from "../guard/guard-paths.js";
import { enrol } from "../ledger/enrol.js";
import { readMachine } from "../ledger/machine-file.js";
import { MAX_SOCKET_BYTES } from "../supervise/built-in/claim-socket.js";
import { UsageError } from "../usage-error.js";
import { type PlacedBinary, placeBinary } from "./place-binary.js";
import { placeOnce } from "./place-once.js";
import { sampleConfig } from "./sample-config.js";
import { systemdUnit, UNIT_NAME } from "./systemd-unit.js";

/** What is wanted. */
export interface InstallOptions {
  /** Absolute. */
  readonly folder: string;
  /** The one-file executable that is installed. */
  readonly file: string;
  /** Of the ledger; null: what the configuration says, if it says one. */
  readonly url: string | null;
  /** Null: the machine is not enrolled. */
  readonly enrolToken: string | null;
  readonly systemd: "system" | "user" | null;
  /** Where the unit is written; null: where systemd looks for it. */
  readonly unitFolder: string | null;
  readonly env: Env;
  /** ms since epoch. */
  readonly now: number;
  readonly fetch: typeof fetch;
  readonly signal: AbortSignal;
}

/** What is there now. */
export interface Installation {
  readonly binary: PlacedBinary;
  readonly config: { readonly path: string; readonly isNew: boolean };
  /** Null if the machine was not enrolled. */
  readonly machine: {
    readonly machineId: string;
    readonly url: string;
    readonly isNew: boolean;
  } | null;
  readonly unit: {
    readonly path: string;
    readonly scope: "system" | "user";
    readonly isNew: boolean;
  } | null;
  /** Lines that `sync.config.yaml` lacks for what was asked, or has with another value. */
  readonly missing: readonly { readonly line: string; readonly replaces: boolean }[];
}

/**
 * Installs. What is there already stays as it is, so that it may be done again: after a crash, or
 * to add what was left out.
 *
 * @throws {SyncError} `DISK_FULL` or `FOLDER_NOT_WRITABLE`
 * @throws {UsageError} If a configuration is there and wrong, or the folder's path is too long.
 * @throws {SyncError} `TOKEN_REFUSED`, or whatever else the ledger says; everything else is in place then.
 */
export async function installSync(options: InstallOptions): Promise<Installation> {
  const { folder, systemd } = options;
  const live = join(folder, "sync", ".bin", "tideline-sync");
  await requireUsable(folder, live);
  const binary = await placeBinary(options.file, live, options.now);
  const path = join(folder, CONFIG_FILE_NAME);
  const isNew = await placeOnce(path, sampleConfig({ ledgerUrl: options.url, systemd }));
  const unit = systemd === null ? null : await placeUnit(options, systemd, binary.kept);
  const config = await loadConfig(path, folder);
  const url = options.url ?? config.ledger?.url ?? null;
  const isMissing = url !== null && config.ledger?.url !== url;
  const line = `ledger: { url: ${url} }`;
  const missing = isMissing ? [{ line, replaces: config.ledger !== null }] : [];
  const machine = url === null ? null : await joinFleet(options, config, url);
  return { binary, config: { path, isNew }, machine, unit, missing };
}

/** @throws {UsageError} Before anything is written. */
async function requireUsable(folder: string, live: string): Promise<void> {
  const found = await stat(folder).catch(() => null);
  if (found !== null && !found.isDirectory()) {
    throw new UsageError(`Cannot install: expected a folder, got the file "${folder}"`);
  }
  const { socket } = guardPaths(live);
  const tooMuch = Buffer.byteLength(socket) - MAX_SOCKET_BYTES;
  if (tooMuch > 0) {
    throw new UsageError(
      `Cannot install: expected a folder whose path is ${tooMuch} bytes shorter, as the guard's socket lies in it and may have ${MAX_SOCKET_BYTES}, got "${folder}"`,
    );
  }
}

async function joinFleet(
  { enrolToken, fetch, signal }: InstallOptions,
  { state, machine: { name, channel } }: SyncConfig,
  url: string,
): Promise<Installation["machine"]> {
  const before = await readMachine(state);
  if (before !== null && before.url === url && before.channel === channel) {
    return { machineId: before.machineId, url, isNew: false };
  }
  if (enrolToken === null) return null;
  const platform = platformKey(platformHere());
  const request = { state, enrolToken, name, channel, platform };
  const { machineId } = await enrol(request, { url, fetch, signal });
  return { machineId, url, isNew: true };
}

async function placeUnit(
  { folder, unitFolder, env }: InstallOptions,
  scope: "system" | "user",
  kept: string,
): Promise<NonNullable<Installation["unit"]>> {
  const path = join(unitFolder ?? defaultUnitFolder(scope, env), UNIT_NAME);
  const text = systemdUnit({ scope, folder, node: process.execPath, kept });
  return { path, scope, isNew: await placeOnce(path, text) };
}

/** systemd.unit(5), "Unit File Load Path". */
function defaultUnitFolder(scope: "system" | "user", env: Env): string {
  if (scope === "system") return "/etc/systemd/system";
  return join(env.XDG_CONFIG_HOME || join(env.HOME || homedir(), ".config"), "systemd/user");
}
