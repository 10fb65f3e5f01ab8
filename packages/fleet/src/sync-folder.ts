import { open } from "node:fs/promises";

/**
 * Makes the names in a folder last through a power cut: a rename is on disk only once its folder is.
 * Does nothing on Windows, which cannot open a folder for that and orders renames by itself.
 */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } catch (error) {
    // Some network and FUSE file systems know no fsync of a folder; there is nothing better to do.
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "EINVAL" && code !== "ENOTSUP") throw error;
  } finally {
    await handle.close();
  }
}
