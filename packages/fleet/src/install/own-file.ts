import { realpath } from "node:fs/promises";
import { SYNC_BUILD } from "../sync-version.js";

/**
 * Gives the file that this program was started from, absolute and without symbolic links; null when
 * it runs from its sources and is no one file.
 */
export async function ownFile(): Promise<string | null> {
  const [, script] = process.argv;
  return SYNC_BUILD === null || script === undefined ? null : await realpath(script);
}
