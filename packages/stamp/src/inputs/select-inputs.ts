import picomatch from "picomatch";
import { firstFrom, type InputTree, pathBytes, pathText } from "./input-tree.js";

/** What one glob takes: everything below a folder, or what of it a pattern matches. */
interface Selector {
  /** From the repository's top, as bytes, without a slash at its end; "" for everything. */
  readonly base: string;
  /** What is left of the glob; empty where the folder or file itself is meant. */
  readonly pattern: readonly string[];
}

// Services share what they depend on, and a tree is asked for it by each of them.
const selections = new WeakMap<InputTree, Map<string, readonly number[]>>();

/**
 * Gives the indexes of what some globs take of a tree, in order. A folder stands for everything in
 * it, and so does a glob that matches one. A glob with "!" before it takes out what the others
 * took, wherever it stands.
 *
 * @param globs From the folder that the tree was read for.
 */
export function selectInputs(tree: InputTree, globs: readonly string[]): readonly number[] {
  const known = selections.get(tree) ?? new Map<string, readonly number[]>();
  selections.set(tree, known);
  const key = globs.join("\0");
  const selected = known.get(key) ?? select(tree, globs);
  known.set(key, selected);
  return selected;
}

function select(tree: InputTree, globs: readonly string[]): readonly number[] {
  const marks = new Uint8Array(tree.paths.length);
  for (const glob of globs) if (!glob.startsWith("!")) mark(tree, glob, marks, 1);
  for (const glob of globs) if (glob.startsWith("!")) mark(tree, glob.slice(1), marks, 0);
  return indexesOfMarks(marks);
}

/** Gives the indexes that are marked, in order. */
export function indexesOfMarks(marks: Uint8Array): readonly number[] {
  const indexes: number[] = [];
  for (let index = marks.indexOf(1); index >= 0; index = marks.indexOf(1, index + 1)) {
    indexes.push(index);
  }
  return indexes;
}

/**
 * Gives the folder that everything a glob takes is in, or the path itself if it is no pattern; from
 * the repository's top, "" for the top.
 */
export function globBase(tree: InputTree, glob: string): string {
  return readGlob(tree, glob.replace(/^!/, "")).base;
}

/** Gives where in a tree everything below a folder stands, the folder itself without. */
export function folderRange({ paths }: InputTree, folder: string): [start: number, end: number] {
  if (folder === "") return [0, paths.length];
  // "0" is the character after "/".
  return [firstFrom(paths, `${folder}/`), firstFrom(paths, `${folder}0`)];
}

function mark(tree: InputTree, glob: string, marks: Uint8Array, value: 0 | 1): void {
  const { base, pattern } = readGlob(tree, glob);
  const { paths } = tree;
  markRepositoryAround(tree, base, marks, value);
  // The paths are in order, so a folder is one run of them and the others are not looked at.
  const [start, end] = folderRange(tree, base);
  if (pattern.length > 0) {
    const matches = compile(pattern);
    const skipped = base === "" ? 0 : base.length + 1;
    for (let index = start; index < end; index++) {
      if (matches(paths[index] ?? "", skipped)) marks[index] = value;
    }
    return;
  }
  marks.fill(value, start, end);
  const own = firstFrom(paths, base);
  if (base !== "" && paths[own] === base) marks[own] = value;
}

/** A path that leads into a submodule takes the submodule: git knows no more of it. */
function markRepositoryAround(
  tree: InputTree,
  base: string,
  marks: Uint8Array,
  value: 0 | 1,
): void {
  for (let slash = base.indexOf("/"); slash >= 0; slash = base.indexOf("/", slash + 1)) {
    const index = firstFrom(tree.paths, base.slice(0, slash));
    if (tree.paths[index] !== base.slice(0, slash)) continue;
    if (tree.isRepository(index)) marks[index] = value;
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
  return { base, pattern: parts };
}

const PATTERN = /[\\(){}[\]*?]/;

function exists(paths: readonly string[], path: string): boolean {
  return (
    paths[firstFrom(paths, path)] === path ||
    (paths[firstFrom(paths, `${path}/`)]?.startsWith(`${path}/`) ?? false)
  );
}

/** Says of a path, after the characters that are skipped, whether a pattern matches it or a folder around it. */
function compile(parts: readonly string[]): (path: string, skipped: number) => boolean {
  const pattern = parts.join("/");
  const options = { dot: true, nonegate: true };
  if (parts.some((part) => part.includes("**") || /[(){}]/.test(part))) {
    const matches = picomatch([pattern, `${pattern}/**`], options);
    return (path, skipped) => matches(pathText(path.slice(skipped)));
  }
  // A pattern of so many parts is about the first so many of a path, which neighbours share.
  const matches = picomatch(pattern, options);
  let [asked, answer]: [asked: string | null, answer: boolean] = [null, false];
  return (path, skipped) => {
    if (asked !== null && path.startsWith(asked)) return answer;
    let end = skipped - 1;
    for (let part = 0; part < parts.length; part++) {
      end = path.indexOf("/", end + 1);
      if (end < 0) break;
    }
    answer = matches(pathText(end < 0 ? path.slice(skipped) : path.slice(skipped, end)));
    asked = end < 0 ? null : path.slice(0, end + 1);
    return answer;
  };
}
