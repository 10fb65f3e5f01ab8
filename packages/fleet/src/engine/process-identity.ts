/** Which process of which boot: what a lock needs so that it dies with its owner. */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";

/** A process, told apart from a later one that was given the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in the system's own words; null where the system does not tell. */
  readonly startedAt: string | null;
  /** Differs after every boot; null where the system does not tell. */
  readonly bootId: string | null;
}

/** Gives the identity of this process. */
export async function thisProcess(): Promise<ProcessIdentity> {
  own ??= identityOf(process.pid);
  return own;
}

let own: Promise<ProcessIdentity> | undefined;

/** Gives the identity of a process that runs now. */
export async function identityOf(pid: number): Promise<ProcessIdentity> {
  return { pid, startedAt: await startOf(pid), bootId: await readBootId() };
}

/**
 * Says whether the process runs still. No clock is asked, so that a clock that jumps keeps nothing
 * alive and ends nothing.
 *
 * Where the system tells neither start nor boot (Windows), a number that was given out again counts
 * as the same process; the lock is then held until that process ends.
 */
export async function isRunning({ pid, startedAt, bootId }: ProcessIdentity): Promise<boolean> {
  if (bootId !== (await thisProcess()).bootId) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it runs, as another user.
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  return startedAt === (await startOf(pid));
}

async function startOf(pid: number): Promise<string | null> {
  if (process.platform === "linux") {
    try {
      const text = await readFile(`/proc/${pid}/stat`, "utf8");
      // proc(5): the name stands in parentheses and may hold anything; field 22 is the 20th after it.
      const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
      // A zombie has ended: it only waits for its parent to take note.
      return fields[0] === "Z" ? null : (fields[19] ?? null);
    } catch {
      // It has ended.
      return null;
    }
  }
  if (process.platform === "win32") return null;
  try {
    return (await promisify(execFile)("ps", ["-o", "lstart=", "-p", String(pid)])).stdout.trim();
  } catch {
    // `ps` ends with 1 for a process that does not run.
    return null;
  }
}

async function readBootId(): Promise<string | null> {
  try {
    if (process.platform === "linux") {
      return (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim();
    }
    if (process.platform === "darwin") {
      return (await promisify(execFile)("sysctl", ["-n", "kern.bootsessionuuid"])).stdout.trim();
    }
  } catch {
    // Without it a lock goes by process number and start time alone.
  }
  return null;
}
