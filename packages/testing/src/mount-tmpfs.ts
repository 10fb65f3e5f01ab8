import { execFile } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { promisify } from "node:util";

/** A small file system in memory, for what only a file system can refuse. */
export interface MountedTmpfs {
  /** Changes its options while it is mounted: `ro`. */
  remount(options: string): Promise<void>;
  unmount(): Promise<void>;
}

/**
 * Mounts a tmpfs on a folder, which is made if it is missing.
 *
 * @param options As for `mount -o`: `size=256k`, `noexec`, `ro`.
 * @returns Null where nothing may be mounted; then it says on stderr what is not tested.
 */
export async function mountTmpfs(
  folder: string,
  options: string,
  purpose: string,
): Promise<MountedTmpfs | null> {
  const run = promisify(execFile);
  await mkdir(folder, { recursive: true });
  try {
    await run("mount", ["-t", "tmpfs", "-o", options, "tmpfs", folder]);
  } catch (error) {
    process.stderr.write(`NOT TESTED, nothing may be mounted here: ${purpose} (${error})\n`);
    return null;
  }
  return {
    remount: async (changed) => {
      await run("mount", ["-o", `remount,${changed}`, folder]);
    },
    unmount: async () => {
      await run("umount", [folder]);
    },
  };
}
