import { constants } from "node:fs";
import { copyFile, link, unlink } from "node:fs/promises";
import { syncFile } from "./sync-file.js";

/**
 * Gives a file a second name, replacing what has that name already. Where the file system has no hard
 * links, or the file's owner is somebody else (Linux: `fs.protected_hardlinks`), it is copied.
 * The bytes are on disk afterwards; the new name is once its folder is synced.
 *
 * @param tryLink For tests. @default link
 */
export async function linkOrCopy(from: string, to: string, tryLink = link): Promise<void> {
  await unlink(to).catch(ignoreMissing);
  await syncFile(from);
  try {
    await tryLink(from, to);
  } catch (error) {
    if (!NO_LINKS.has((error as NodeJS.ErrnoException).code ?? "")) throw error;
    await copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    await syncFile(to);
  }
}

/** Swallows that a file is missing; for `unlink`. */
export function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== "ENOENT") throw error;
}

const NO_LINKS = new Set(["EPERM", "EACCES", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK", "EXDEV"]);
