import picomatch from "picomatch";
import { firstFrom, type InputTree, pathBytes, pathText } from "./input-tree.js";

/** What one glob takes: everything below a folder, or what of it a pattern matches. */
interface Selector {
  /** From the repository's top, as bytes, without a slash at its end; "" for everything. */
  readonly base: string;
  /** Null where the folder or file itself is meant. */
  readonly matches: ((path: string) => boolean) | null;
}

/**
 * Gives the indexes of what some globs take of a tree, in order. A folder stands for everything in
 * it, and so does a glob that matches one. A glob with "!" before it takes out what the others
 * took, wherever it stands.
 *
 * @param globs From the folder that the tree was read for.
 */
export function selectInputs(tree: InputTree, globs: readonly string[]): number[] {
  const taken = new Set<number>();
  for (const glob of globs) {
    if (!glob.startsWith("!")) for (const index of indexesOf(tree, glob)) taken.add(index);
  }
  for (const glob of globs) {
    if (glob.startsWith("!"))
      for (const index of indexesOf(tree, glob.slice(1))) taken.delete(index);
  }
  return [...taken].sort((a, b) => a - b);
}

/**
 * Gives the folder that everything a glob takes is in, or the path itself if it is no pattern; from
 * the repository's top, "" for the top.
 */
export function globBase(tree: InputTree, glob: string): string {
  return readGlob(tree, glob.replace(/^!/, "")).base;
}

function* indexesOf(tree: InputTree, glob: string): Generator<number> {
  const { base, matches } = readGlob(tree, glob);
  const { paths } = tree;
  yield* repositoryAround(tree, base);
  // The paths are in order, so a folder is one run of them and the others are not looked at.
  const own = firstFrom(paths, base);
  if (base !== "" && paths[own] === base && matches === null) yield own;
  const folder = base === "" ? "" : `${base}/`;
  for (let index = firstFrom(paths, folder); index < paths.length; index++) {
    const path = paths[index] ?? "";
    if (!path.startsWith(folder)) break;
    if (matches === null || matches(path.slice(folder.length))) yield index;
  }
}

/** A path that leads into a submodule takes the submodule: git knows no more of it. */
function* repositoryAround(tree: InputTree, base: string): Generator<number> {
  for (let slash = base.indexOf("/"); slash >= 0; slash = base.indexOf("/", slash + 1)) {
    const index = firstFrom(tree.paths, base.slice(0, slash));
    if (tree.paths[index] === base.slice(0, slash) && tree.isRepository(index)) yield index;
  }
}

function readGlob({ prefix, paths }: InputTree, glob: string): Selector {
  const parts = glob.split("/").filter((part) => part !== "" && part !== ".");
  // "a/**" is the folder a, and needs no pattern.
  while (parts.at(-1) === "**") parts.pop();
  let base = prefix.replace(/\/$/, "");
  while (parts[0] !== undefined) {
    const path = `${base}${base === "" ? "" : "/"}${pathBytes(parts[0])}`;
    // Some frameworks name folders like patterns: "[id]", "(shop)". What is there is meant.
    if (PATTERN.test(parts[0]) && !exists(paths, path)) break;
    base = path;
    parts.shift();
  }
  if (parts.length === 0) return { base, matches: null };
  const pattern = parts.join("/");
  const matches = picomatch([pattern, `${pattern}/**`], { dot: true, nonegate: true });
  return { base, matches: (path) => matches(pathText(path)) };
}

const PATTERN = /[\\(){}[\]*?]/;

function exists(paths: readonly string[], path: string): boolean {
  return (
    paths[firstFrom(paths, path)] === path ||
    (paths[firstFrom(paths, `${path}/`)]?.startsWith(`${path}/`) ?? false)
  );
}
