import { readdir, realpath, stat } from "node:fs/promises";
import { join } from "node:path";

/**
 * Lists the files below a folder as paths relative to it, with `/` on every system, in the order
 * of their code units. Symbolic links are followed, as a host that serves the folder does.
 *
 * @throws {Error} If the folder cannot be read.
 */
export async function listFiles(folder: string): Promise<string[]> {
  const files: string[] = [];
  await collect(folder, "", files, new Set());
  // Not localeCompare: the order must be the same on every machine.
  return files.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

async function collect(
  root: string,
  prefix: string,
  files: string[],
  parents: ReadonlySet<string>,
): Promise<void> {
  const folder = join(root, prefix);
  const real = await realpath(folder);
  if (parents.has(real)) return; // A link to one of its own parents.
  const inside = new Set(parents).add(real);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = prefix === "" ? entry.name : `${prefix}/${entry.name}`;
    const target = entry.isSymbolicLink() ? await stat(join(root, path)) : entry;
    if (target.isDirectory()) await collect(root, path, files, inside);
    else if (target.isFile()) files.push(path);
  }
}
