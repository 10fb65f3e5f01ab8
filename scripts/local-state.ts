/**
 * What `npm start` keeps in its folder (`.tideline` unless told otherwise): the ledger's data, the
 * sites, the tokens, and while it runs the addresses for `npm run deploy`.
 */
import { randomBytes } from "node:crypto";
import { chmod, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { AppName } from "./apps.js";
import { makeFolder } from "./make-folder.js";
import { ScriptError } from "./script-error.js";

/** Where `npm start` is to be found while it runs. */
export interface LocalAddresses {
  /** The Convex functions. */
  readonly url: string;
  /** HTTP actions. */
  readonly siteUrl: string;
  readonly gateway: string;
  readonly apps: Readonly<Record<AppName, string>>;
  readonly pid: number;
}

/** Paths in the state folder. */
export function localPaths(state: string) {
  return {
    data: join(state, "data"),
    token: (name: TokenName) => join(state, name),
    addresses: join(state, "local.json"),
    site: (app: AppName) => join(state, "sites", app),
  };
}

/**
 * Makes the state folder.
 *
 * @throws {ScriptError} If it cannot be written to.
 */
export async function prepareState(state: string): Promise<void> {
  const probe = join(state, ".writable");
  try {
    await makeFolder(state);
    await writeFile(probe, "");
    await rm(probe);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why =
      code === "EACCES" || code === "EPERM"
        ? "this user may not write there"
        : code === "EEXIST" || code === "ENOTDIR"
          ? "there is a file of that name in the way"
          : code === "ENOENT"
            ? "no folder can be made there"
            : message;
    throw new ScriptError(`Cannot keep data in "${state}": ${why}; choose a folder with --data`, {
      cause: error,
    });
  }
}

/** Gives the record token, made at the first start: 64 hex digits that only their owner may read. */
export async function loadRecordToken(state: string): Promise<string> {
  return await loadToken(state, "record-token");
}

/**
 * Gives what the fleet's functions need to be set to: its four tokens, made like the record token,
 * unless the environment has them; and of the other settings those that the environment has.
 */
export async function loadFleetSettings(
  state: string,
  env: NodeJS.ProcessEnv,
): Promise<Record<string, string>> {
  const settings: Record<string, string> = {};
  for (const [name, file] of Object.entries(FLEET_TOKENS)) {
    settings[name] = env[name]?.trim() || (await loadToken(state, file));
  }
  for (const name of FLEET_SETTINGS) {
    const value = env[name]?.trim();
    if (value) settings[name] = value;
  }
  return settings;
}

type TokenName = "record-token" | (typeof FLEET_TOKENS)[keyof typeof FLEET_TOKENS];

const FLEET_TOKENS = {
  TIDELINE_FLEET_TOKEN: "fleet-token",
  TIDELINE_FLEET_READ_TOKEN: "fleet-read-token",
  TIDELINE_FLEET_VIEW_TOKEN: "fleet-view-token",
  TIDELINE_FLEET_ENROL_TOKEN: "fleet-enrol-token",
} as const;

const FLEET_SETTINGS = [
  ...["TIDELINE_WEBHOOK_SECRETS", "TIDELINE_ROLLOUT_POLICY", "TIDELINE_FLEET_COUNT_MS"],
];

async function loadToken(state: string, name: TokenName): Promise<string> {
  const path = localPaths(state).token(name);
  const made = randomBytes(32).toString("hex");
  try {
    await writeFile(path, `${made}\n`, { mode: 0o600, flag: "wx" });
    return made;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  const kept = (await readFile(path, "utf8")).trim();
  if (kept.length < 16) {
    const what = name.replaceAll("-", " ");
    throw new ScriptError(`Cannot use the ${what} in "${path}": it is too short; delete it`);
  }
  await chmod(path, 0o600);
  return kept;
}

/** Says where this process is to be found. */
export async function writeAddresses(state: string, addresses: LocalAddresses): Promise<void> {
  const path = localPaths(state).addresses;
  await writeFile(`${path}.next`, `${JSON.stringify(addresses, null, 2)}\n`);
  await rename(`${path}.next`, path);
}

/** Takes back what `writeAddresses` said. */
export async function removeAddresses(state: string): Promise<void> {
  await rm(localPaths(state).addresses, { force: true });
}

/** Gives where `npm start` runs on this state folder, or null if it does not. */
export async function findRunning(state: string): Promise<LocalAddresses | null> {
  let addresses: LocalAddresses;
  try {
    addresses = JSON.parse(await readFile(localPaths(state).addresses, "utf8"));
  } catch {
    // Not there: it never ran, or it was stopped in order.
    return null;
  }
  if (!isAlive(addresses.pid)) return null;
  try {
    // After a crash another process may have got its number, so only an answer counts.
    await fetch(`${addresses.url}/version`, { signal: AbortSignal.timeout(5_000) });
    return addresses;
  } catch {
    return null;
  }
}

/** Says whether there is a process of this number. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It is there, but somebody else's.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
