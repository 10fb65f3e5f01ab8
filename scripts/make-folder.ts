import { mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Makes a folder and those above it that are missing; one that is there stays as it is.
 *
 * One by one, because Node's own recursive form never comes back from where the kernel says that
 * something is missing however often its parent is made, as in /proc.
 *
 * @throws {Error} With the system's `code` if it cannot be made; `EEXIST` for a file in its place.
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await makeOne(path);
  } catch (error) {
    const parent = dirname(path);
    if ((error as NodeJS.ErrnoException).code !== "ENOENT" || parent === path) throw error;
    await makeFolder(parent);
    await makeOne(path);
  }
}

async function makeOne(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    const isThere = await stat(path).then(
      (found) => found.isDirectory(),
      () => false,
    );
    // Also where this user may not write: what is there need not be made.
    if (!isThere) throw error;
  }
}
