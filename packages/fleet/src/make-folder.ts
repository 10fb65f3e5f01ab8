import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { asDiskError } from "./disk-error.js";
import { SyncError } from "./sync-error.js";
import { syncFolder } from "./sync-folder.js";

/**
 * Makes a folder, and those above it, if it is missing; its name is on disk then. What is there already
 * keeps its mode.
 *
 * Not `mkdir` with `recursive`: on a read-only file system that says ENOENT (nodejs/node#47098).
 *
 * @throws {SyncError} `DISK_FULL` or `FOLDER_NOT_WRITABLE`
 */
export async function makeFolder(path: string, mode = 0o755): Promise<void> {
  if (await makeOne(path, mode)) return;
  await makeFolder(dirname(path), mode);
  if (await makeOne(path, mode)) return;
  // What is above it is there now: some file systems, as /proc, take nothing and do not say so.
  throw new SyncError(
    "FOLDER_NOT_WRITABLE",
    `Cannot make "${path}": expected "${dirname(path)}" to take new folders, got "ENOENT"`,
  );
}

/** Says whether it is there now; false: what is above it is missing. */
async function makeOne(path: string, mode: number): Promise<boolean> {
  try {
    await mkdir(path, mode);
    await syncFolder(dirname(path));
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return true;
    if (code === "ENOENT" && dirname(path) !== path) return false;
    throw asDiskError(error, `Cannot make "${path}"`);
  }
}
