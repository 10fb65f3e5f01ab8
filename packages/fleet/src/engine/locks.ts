import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { type HeldLock, tryLock, tryLockFor, waitForLock } from "./lock.js";
import { lockPath } from "./state-paths.js";

/** Takes the lock of a subsystem's attempt; null if a running process has it. */
export async function lockSubsystem(state: string, subsystem: string): Promise<HeldLock | null> {
  return await tryLock(await inFolder(lockPath(state, { subsystem })));
}

/**
 * As {@link lockSubsystem}, for somebody who asks by hand: a look that only finds nothing to do is
 * waited for, an update is not.
 *
 * @throws The signal's reason when it aborts.
 */
export async function lockSubsystemSoon(
  state: string,
  subsystem: string,
  signal: AbortSignal,
): Promise<HeldLock | null> {
  return await tryLockFor(await inFolder(lockPath(state, { subsystem })), PATIENCE_MS, signal);
}

// A look reads files, and asks the supervisor once.
const PATIENCE_MS = 5_000;

/**
 * Takes the machine's lock, so that no two services are taken down at the same time. It is held from
 * the last look until the service is up again, not while it is watched afterwards.
 */
export async function waitForMachine(state: string, signal: AbortSignal): Promise<HeldLock> {
  return await waitForLock(await inFolder(lockPath(state, "machine")), signal);
}

async function inFolder(path: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  return path;
}
