/** Looks at upstreams and keeps what came of it: the memory in the state folder, and the manifest. */
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { SubsystemConfig, SyncConfig, UpstreamConfig } from "../config/sync-config.js";
import { waitForLock } from "../engine/lock.js";
import { changeStateFile, readStateFile } from "../engine/state-file.js";
import { lockPath } from "../engine/state-paths.js";
import { SyncError } from "../sync-error.js";
import { checkSubsystem, type SubsystemCheck } from "./check-subsystem.js";
import { type CurrentVersion, readCurrentVersion } from "./current-version.js";
import type { DetectWorld } from "./detect-world.js";
import { NO_MEMORY, upstreamsFile } from "./upstream-memory.js";
import { manifestPath, mergeIntoManifest } from "./version-manifest.js";

/** A subsystem whose upstream did not answer; everything that was known of it stays. */
export interface FailedCheck {
  readonly name: string;
  readonly error: SyncError;
}

/** What a look at several came to, in the configuration's order. */
export interface UpstreamChecks {
  readonly checks: readonly SubsystemCheck[];
  readonly failures: readonly FailedCheck[];
}

/** What is looked at, and how. */
export interface CheckOptions {
  /** Names; every subsystem with an upstream by default. */
  readonly only?: readonly string[];
  /** What the machine has of a subsystem. @default `.version`, else the checkout */
  readonly currentOf?: (subsystem: SubsystemConfig) => Promise<CurrentVersion>;
}

/**
 * Looks at the upstreams of a configuration, all at once.
 *
 * One look at a time for a machine: what is remembered decides, and two at once would each forget
 * what the other saw. The manifest is replaced in one piece, and not at all if nobody answered.
 *
 * @throws {SyncError} `STATE_DAMAGED` if `upstreams.json` is not what was written; what goes wrong with
 *   one subsystem is in the result.
 */
export async function checkUpstreams(
  config: SyncConfig,
  { only, currentOf = readCurrentVersion }: CheckOptions,
  world: DetectWorld,
): Promise<UpstreamChecks> {
  const chosen = Object.values(config.subsystems).filter(
    ({ name }) => only === undefined || only.includes(name),
  );
  return await withUpstreamsLock(config.state, world.signal, async () => {
    const file = upstreamsFile(config.state);
    const { subsystems } = await readStateFile(file);
    const outcomes = await Promise.all(
      chosen.map(async (subsystem) => {
        const { name, upstream } = subsystem;
        if (upstream === null) return null;
        try {
          const current = await currentOf(subsystem);
          const before = subsystems[name] ?? NO_MEMORY;
          return await checkSubsystem(withUpstream(subsystem, upstream), current, before, world);
        } catch (error) {
          if (error instanceof SyncError) return { name, error };
          throw error;
        }
      }),
    );
    world.signal.throwIfAborted();
    const checks = outcomes.filter((one): one is SubsystemCheck => one !== null && "memory" in one);
    const failures = outcomes.filter((one): one is FailedCheck => one !== null && "error" in one);
    if (checks.length > 0) await keep(config, checks, world.now());
    return { checks, failures };
  });
}

/** Runs something while no other process looks at upstreams or changes what is remembered of them. */
export async function withUpstreamsLock<T>(
  state: string,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  const path = join(dirname(lockPath(state, "files")), "upstreams.lock");
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const lock = await waitForLock(path, signal);
  try {
    return await work();
  } finally {
    await lock.release();
  }
}

async function keep(
  config: SyncConfig,
  checks: readonly SubsystemCheck[],
  now: number,
): Promise<void> {
  // First the memory: a manifest that knows more than it would call a moved tag a new one.
  await changeStateFile(config.state, upstreamsFile(config.state), (before) => ({
    ...before,
    subsystems: {
      ...before.subsystems,
      ...Object.fromEntries(checks.map(({ name, memory }) => [name, memory])),
    },
  }));
  const known = new Set(Object.keys(config.subsystems));
  await mergeIntoManifest(manifestPath(config), checks, known, now);
}

function withUpstream(
  subsystem: SubsystemConfig,
  upstream: UpstreamConfig,
): SubsystemConfig & { readonly upstream: UpstreamConfig } {
  return { ...subsystem, upstream };
}
