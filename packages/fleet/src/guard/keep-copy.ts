import { chmod, readFile } from "node:fs/promises";
import { hashFile } from "../artifact/hash-file.js";
import { makeFolder } from "../make-folder.js";
import { missingIsNull } from "../swap/keep-previous.js";
import { replaceFile } from "../write-file.js";
import { guardPaths } from "./guard-paths.js";

/**
 * Makes the active file the guard's kept copy; whoever calls it knows that it is well. A copy, not a
 * second name: what damages the one must not damage the other.
 *
 * @param active Absolute path.
 * @returns Whether it was another one, or none, before.
 * @throws {SyncError} `DISK_FULL` or `FOLDER_NOT_WRITABLE`; the kept copy is then as it was.
 */
export async function keepCopy(active: string): Promise<boolean> {
  const { folder, kept } = guardPaths(active);
  const [one, other] = await Promise.all([hashFile(active), hashFile(kept).catch(missingIsNull)]);
  if (one.sha256 === other?.sha256) return false;
  await makeFolder(folder, 0o700);
  // It may have been made with another mode; the socket in it is for its owner alone.
  await chmod(folder, 0o700);
  await replaceFile(kept, await readFile(active), { mode: 0o755 });
  return true;
}
