import { createHash } from "node:crypto";
import { lstat, readdir, readFile, readlink } from "node:fs/promises";
import { join } from "node:path";
import { type InputTree, pathBytes, pathText } from "./input-tree.js";

// Where there is no .gitignore to ask, what is installed is no input.
const SKIPPED = new Set([".git", "node_modules"]);

/**
 * Lists the files of a folder that is in no repository, as a commit of all of them would have them
 * in a repository of git's first object format. Only the files that are asked for are read.
 *
 * @throws {Error} If the folder cannot be read.
 */
export async function readFolderTree(root: string): Promise<InputTree> {
  const paths: string[] = [];
  await collect(root, "", paths);
  paths.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  return {
    kind: "files",
    commit: null,
    prefix: "",
    paths,
    listingOf: async (indexes) => {
      let listing = "";
      // One after the other: thousands of open files at once are more than a system allows.
      for (const index of indexes) listing += await describe(root, paths[index] ?? "");
      return listing;
    },
    isRepository: () => false,
  };
}

async function collect(root: string, prefix: string, paths: string[]): Promise<void> {
  for (const entry of await readdir(join(root, prefix), { withFileTypes: true })) {
    const path = `${prefix}${entry.name}`;
    if (SKIPPED.has(entry.name)) continue;
    if (entry.isDirectory()) await collect(root, `${path}/`, paths);
    else if (entry.isFile() || entry.isSymbolicLink()) paths.push(pathBytes(path));
  }
}

async function describe(root: string, path: string): Promise<string> {
  const file = join(root, pathText(path));
  const status = await lstat(file);
  const isLink = status.isSymbolicLink();
  const content = isLink ? Buffer.from(await readlink(file)) : await readFile(file);
  const mode = isLink ? "120000" : status.mode & 0o100 ? "100755" : "100644";
  const id = createHash("sha1").update(`blob ${content.length}\0`).update(content).digest("hex");
  return `${mode} blob ${id}\t${path}\0`;
}
