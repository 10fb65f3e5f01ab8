import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { asDiskError } from "./disk-error.js";
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
  try {
    await mkdir(path, mode);
    await syncFolder(dirname(path));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return;
    if (code !== "ENOENT" || dirname(path) === path)
      throw asDiskError(error, `Cannot make "${path}"`);
    await makeFolder(dirname(path), mode);
    await makeFolder(path, mode);
  }
}
