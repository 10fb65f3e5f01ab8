import { rename, unlink } from "node:fs/promises";
import { ignoreMissing } from "./link-or-copy.js";
import { placeOnWindows } from "./place-on-windows.js";

/**
 * Moves a file over the live path. Everywhere but on Windows there is no moment without a file: a
 * process that opens or runs the path gets the old or the new one.
 *
 * The running program keeps its own inode. It is never written into, which Linux forbids (ETXTBSY)
 * and for which macOS kills every later start.
 */
export async function placeFile(
  from: string,
  live: string,
  platform: NodeJS.Platform = process.platform,
): Promise<void> {
  if (platform === "win32") return await placeOnWindows(from, live);
  await rename(from, live);
  // Renaming one name of a file over another name of the same file does nothing, and says so to nobody.
  await unlink(from).catch(ignoreMissing);
}
