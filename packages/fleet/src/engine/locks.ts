import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { type HeldLock, tryLock, waitForLock } from "./lock.js";
import { lockPath } from "./state-paths.js";

/** Takes the lock of a subsystem's attempt; null if a running process has it. */
export async function lockSubsystem(state: string, subsystem: string): Promise<HeldLock | null> {
  return await tryLock(await inFolder(lockPath(state, { subsystem })));
}

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
