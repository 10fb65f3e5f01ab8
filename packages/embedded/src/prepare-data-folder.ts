import { access, constants, mkdir, readdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { StartError } from "./start-error.js";

/**
 * Makes the data folder if it is not there, and keeps a new one out of git: it holds the admin key.
 *
 * @throws {StartError} If it is not a folder, or cannot be made or written to.
 */
export async function prepareDataFolder(data: string): Promise<void> {
  try {
    const isNew = await makeFolder(data);
    await readdir(data);
    await access(data, constants.W_OK);
    if (isNew) await writeFile(join(data, ".gitignore"), "*\n");
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new StartError(
      `Cannot write to the data folder "${data}": ${message}; choose another with --data`,
      { cause: error },
    );
  }
}

/**
 * Makes a folder and those above it, one by one: Node's own recursive way never returns below /proc.
 *
 * @returns False if something of that name was there.
 */
async function makeFolder(folder: string): Promise<boolean> {
  try {
    await mkdir(folder);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return false;
    if (code !== "ENOENT" || dirname(folder) === folder) throw error;
    await makeFolder(dirname(folder));
    await mkdir(folder);
    return true;
  }
}
