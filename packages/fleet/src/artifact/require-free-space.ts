import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { SyncError } from "../sync-error.js";

/**
 * Makes sure that a new binary fits: twice its size (the file that is downloaded and what is taken out
 * of it lie side by side for a while) and the one before it, which is kept.
 *
 * @param options.folder Where it will lie; the nearest folder that exists is asked.
 * @param options.size Of the binary or of the file that is downloaded, whichever is larger.
 * @param options.previousSize Of the live binary; 0 if there is none.
 * @param options.freeBytes What whoever runs this may still write there. @default asks the file system
 * @throws {SyncError} `DISK_FULL`
 */
export async function requireFreeSpace({
  folder,
  size,
  previousSize,
  freeBytes = freeBytesOf,
}: {
  readonly folder: string;
  readonly size: number;
  readonly previousSize: number;
  readonly freeBytes?: (folder: string) => Promise<number>;
}): Promise<void> {
  const needed = 2 * size + previousSize;
  const free = await freeBytes(folder);
  if (free >= needed) return;
  throw new SyncError(
    "DISK_FULL",
    `Cannot update in "${folder}": expected ${needed} free bytes (${sum(size, previousSize)}), got "${free}"`,
  );
}

function sum(size: number, previousSize: number): string {
  const parts = [
    ...(size > 0 ? [`twice the ${size} of the new binary`] : []),
    ...(previousSize > 0 ? [`${previousSize} of the live one, which is kept`] : []),
  ];
  return parts.join(", and ");
}

async function freeBytesOf(folder: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
    if (!isMissing || dirname(folder) === folder) throw error;
    return await freeBytesOf(dirname(folder));
  }
}
