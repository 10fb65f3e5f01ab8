import { lstat } from "node:fs/promises";
import { dirname } from "node:path";
import { makeFolder } from "../make-folder.js";
import { replaceFile } from "../write-file.js";

/**
 * Writes a file that people may change afterwards: only if there is none.
 *
 * @returns Whether it was written.
 * @throws {SyncError} `DISK_FULL` or `FOLDER_NOT_WRITABLE`
 */
export async function placeOnce(path: string, text: string): Promise<boolean> {
  if (await exists(path)) return false;
  await makeFolder(dirname(path));
  await replaceFile(path, text, { mode: 0o644 });
  return true;
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}
