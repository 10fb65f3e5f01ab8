/** The one way in which a file of a machine is replaced: whoever reads it sees the old or the new one whole. */
import { randomBytes } from "node:crypto";
import { open, readdir, rename, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { asDiskError } from "./disk-error.js";
import { syncFolder } from "./sync-folder.js";

/**
 * Writes a file beside the old one, forces it to disk, renames it over the old one, and forces the
 * folder to disk. After a crash at any moment the old or the new content is there, never a part.
 *
 * Processes may do so at the same time; the last one wins. What a process left half-written when it
 * was killed (`<name>.<pid>-<random>.tmp`) is removed by the next one that writes the same file.
 *
 * @param options.mode Exact permission bits, whatever the umask. @default 0o600
 * @throws {SyncError} `DISK_FULL` or `FOLDER_NOT_WRITABLE`; the old file is untouched.
 */
export async function replaceFile(
  path: string,
  bytes: string | Uint8Array,
  { mode = 0o600 }: { readonly mode?: number } = {},
): Promise<void> {
  const temporary = `${path}.${process.pid}-${randomBytes(4).toString("hex")}.tmp`;
  try {
    await cleanOnce(path);
    await writeAndSync(temporary, bytes, mode);
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    // Gone already if the rename was done; the first error is the one to tell.
    await unlink(temporary).catch(() => {});
    throw asDiskError(error, `Cannot write "${path}"`);
  }
}

async function writeAndSync(path: string, bytes: string | Uint8Array, mode: number): Promise<void> {
  const handle = await open(path, "wx", mode);
  try {
    await handle.chmod(mode);
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Paths that this process has looked beside, or looks; its own later leftovers are its own to remove. */
const cleanings = new Map<string, Promise<void>>();

/** Whoever writes the same file waits for it: a file of this process would be taken for a leftover. */
function cleanOnce(path: string): Promise<void> {
  const before = cleanings.get(path);
  if (before !== undefined) return before;
  const cleaning = removeLeftovers(path);
  cleanings.set(path, cleaning);
  cleaning.catch(() => cleanings.delete(path));
  return cleaning;
}

async function removeLeftovers(path: string): Promise<void> {
  const prefix = `${basename(path)}.`;
  for (const name of await readdir(dirname(path))) {
    const pid = name.startsWith(prefix) ? LEFTOVER.exec(name.slice(prefix.length))?.[1] : undefined;
    if (pid === undefined || isAlive(Number(pid))) continue;
    await unlink(join(dirname(path), name)).catch(() => {});
  }
}

const LEFTOVER = /^(\d{1,10})-[0-9a-f]{8}\.tmp$/;

function isAlive(pid: number): boolean {
  // This process has written nothing here yet: in a container a predecessor often had the same pid.
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
