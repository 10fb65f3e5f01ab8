/**
 * A lock that is a file, held by one process of the machine, and dead as soon as its owner is.
 * Nothing in it expires by a clock.
 *
 * ```text
 * free --link--> held by A --unlink--> free
 * held by A, A has ended --guard, rename--> held by B
 * ```
 */
import { createHash, randomBytes } from "node:crypto";
import { link, open, readFile, rename, unlink } from "node:fs/promises";
import { asDiskError } from "../disk-error.js";
import { pause } from "../supervise/pause.js";
import { isRunning, type ProcessIdentity, thisProcess } from "./process-identity.js";

/** A lock that is held. */
export interface HeldLock {
  /** Lets it go. Doing so twice does nothing. */
  release(): Promise<void>;
}

interface Holder extends ProcessIdentity {
  /** Differs each time the lock is taken. */
  readonly nonce: string;
}

/**
 * Takes the lock at `path`, or gives null if a running process has it (this one, too).
 *
 * The file comes into being whole, by a link, so that nobody ever reads an empty one. Whoever finds
 * a dead owner first takes a guard that is named after that very owner: two that find it at once
 * can then not take the lock from each other. A guard is a lock as well and dies in the same way.
 *
 * @throws {SyncError} `DISK_FULL`, `FOLDER_NOT_WRITABLE`
 */
export async function tryLock(path: string): Promise<HeldLock | null> {
  const own: Holder = { ...(await thisProcess()), nonce: randomBytes(8).toString("hex") };
  const draft = `${path}.${own.pid}-${own.nonce}`;
  try {
    await writeWhole(draft, JSON.stringify(own));
    return (await claim(path, draft)) ? held(path, own.nonce) : null;
  } catch (error) {
    throw asDiskError(error, `Cannot take the lock "${path}"`);
  } finally {
    // Gone already if it was renamed over a dead owner's lock.
    await unlink(draft).catch(() => {});
  }
}

/** Says who holds the lock at `path`; null if nobody does. Writes nothing. */
export async function lockHolder(path: string): Promise<ProcessIdentity | null> {
  const holder = await readHolder(path);
  return holder !== null && (await isRunning(holder)) ? holder : null;
}

/**
 * Takes the lock at `path` as soon as it is free.
 *
 * @throws The signal's reason when it aborts.
 */
export async function waitForLock(path: string, signal: AbortSignal): Promise<HeldLock> {
  for (;;) {
    const lock = await tryLockFor(path, 60_000, signal);
    if (lock !== null) return lock;
  }
}

/**
 * Takes the lock at `path` as soon as it is free, or gives null if a running process has it all the time.
 *
 * @throws The signal's reason when it aborts.
 */
export async function tryLockFor(
  path: string,
  patienceMs: number,
  signal: AbortSignal,
): Promise<HeldLock | null> {
  for (let waitedMs = 0; ; waitedMs += LOOK_EVERY_MS) {
    signal.throwIfAborted();
    const lock = await tryLock(path);
    if (lock !== null || waitedMs >= patienceMs) return lock;
    await pause(LOOK_EVERY_MS, signal);
  }
}

// Locks that are waited for are held for a restart, or for one file: a tenth is soon enough.
const LOOK_EVERY_MS = 50;

async function claim(path: string, draft: string): Promise<boolean> {
  for (;;) {
    if (await linkNew(draft, path)) return true;
    const holder = await readHolder(path);
    // It was let go between the two looks.
    if (holder === null) continue;
    if (await isRunning(holder)) return false;
    const guard = await tryLock(`${path}.${holder.nonce}`);
    if (guard === null) return false;
    try {
      // Another may have taken it over before this guard was ours.
      if ((await readHolder(path))?.nonce !== holder.nonce) continue;
      await rename(draft, path);
      return true;
    } finally {
      await guard.release();
    }
  }
}

async function linkNew(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

async function writeWhole(path: string, text: string): Promise<void> {
  const handle = await open(path, "wx", 0o600);
  try {
    await handle.writeFile(text);
    // A lock that a power cut leaves empty reads as a dead owner's; this makes it rare.
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function held(path: string, nonce: string): HeldLock {
  return {
    async release() {
      // Nobody takes over the lock of a process that runs, so that it cannot change in between.
      if ((await readHolder(path))?.nonce === nonce) await unlink(path);
    },
  };
}

async function readHolder(path: string): Promise<Holder | null> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  try {
    const { pid, startedAt, bootId, nonce } = JSON.parse(text) as Partial<Holder>;
    if (typeof pid === "number" && typeof nonce === "string" && /^[0-9a-f]{16}$/.test(nonce)) {
      return { pid, startedAt: startedAt ?? null, bootId: bootId ?? null, nonce };
    }
  } catch {
    // Not what this program writes: the same as a dead owner's.
  }
  const nonce = createHash("sha256").update(text).digest("hex").slice(0, 16);
  return { pid: 0, startedAt: null, bootId: "", nonce };
}
