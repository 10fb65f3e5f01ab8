import { readdir, rename, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** What {@link placeOnWindows} does to the disk; for tests. */
export interface WindowsFiles {
  readonly rename: (from: string, to: string) => Promise<void>;
  readonly unlink: (path: string) => Promise<void>;
  readonly readdir: (folder: string) => Promise<string[]>;
  readonly wait: (ms: number) => Promise<unknown>;
}

/**
 * Moves a file over a live path whose program may be running, on Windows: a running program cannot be
 * replaced or removed, but it can be renamed. The old one goes aside as `<name>.old-<n>` and is
 * removed by this call or, while it still runs, by the next one.
 *
 * Between the two renames the path is missing, for well under a millisecond as a rule; if the process
 * dies just there, the kept previous binary is restored when it starts again. Virus scanners hold new
 * files open for a moment, so that each rename is tried for some seconds.
 *
 * Not yet run on a real Windows; its order and its retries are tested elsewhere.
 */
export async function placeOnWindows(
  from: string,
  live: string,
  files: WindowsFiles = { rename, unlink, readdir, wait: sleep },
): Promise<void> {
  const folder = dirname(live);
  const isOld = (name: string) =>
    name.startsWith(`${basename(live)}.old-`) &&
    /^\d+$/.test(name.slice(basename(live).length + 5));
  const old = (await files.readdir(folder)).filter(isOld);
  for (const name of old) await removeIfIdle(files, join(folder, name));
  const taken = old.map((name) => Number(name.slice(basename(live).length + 5)));
  const aside = `${live}.old-${Math.max(0, ...taken) + 1}`;

  const hadLive = await renamePatiently(files, live, aside).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return false;
      throw error;
    },
  );
  try {
    await renamePatiently(files, from, live);
  } catch (error) {
    if (hadLive) await renamePatiently(files, aside, live);
    throw error;
  }
  if (hadLive) await removeIfIdle(files, aside);
}

async function renamePatiently(files: WindowsFiles, from: string, to: string): Promise<void> {
  for (let delayMs = 10; ; delayMs *= 2) {
    try {
      return await files.rename(from, to);
    } catch (error) {
      const isHeld = HELD.has((error as NodeJS.ErrnoException).code ?? "");
      if (!isHeld || delayMs > MAX_DELAY_MS) throw error;
      await files.wait(delayMs);
    }
  }
}

const HELD = new Set(["EPERM", "EACCES", "EBUSY"]);
// 10 + 20 + … + 1,280 ms: about 2.5 s in all.
const MAX_DELAY_MS = 1_280;

async function removeIfIdle(files: WindowsFiles, path: string): Promise<void> {
  // Still running: the next swap removes it.
  await files.unlink(path).catch(() => {});
}
