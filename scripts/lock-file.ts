import { readFile, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { isAlive } from "./local-state.js";
import { makeFolder } from "./make-folder.js";
import { ScriptError } from "./script-error.js";

/**
 * Runs `work` while no other process does under the same lock.
 *
 * @param doing For the sentence, for example `"deploy web"`.
 * @throws {ScriptError} If another process holds the lock. One that died holds nothing.
 */
export async function withLock<T>(path: string, doing: string, work: () => Promise<T>): Promise<T> {
  await makeFolder(dirname(path));
  await take(path, doing);
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

async function take(path: string, doing: string): Promise<void> {
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      return await writeFile(path, String(process.pid), { flag: "wx" });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const holder = Number(await readFile(path, "utf8").catch(() => ""));
    if (holder > 0 && isAlive(holder)) {
      throw new ScriptError(`Cannot ${doing}: process ${holder} is at it; wait until it is done`);
    }
    await rm(path, { force: true });
  }
  throw new ScriptError(`Cannot ${doing}: another process is at it; wait until it is done`);
}
