import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";

/** Gives the path of the first program of that name on the PATH, or in more folders; null if none is. */
export async function findExecutable(
  names: readonly string[],
  env: NodeJS.ProcessEnv,
  moreFolders: readonly string[] = [],
): Promise<string | null> {
  const folders = (env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  for (const folder of [...folders, ...moreFolders]) {
    for (const name of names) {
      const path = join(folder, name);
      if (await isExecutable(path)) return path;
    }
  }
  return null;
}

/** Says whether a file may be run. */
export async function isExecutable(path: string): Promise<boolean> {
  return await access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
