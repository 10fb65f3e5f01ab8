/** Everything that a service could be made from. */
export interface InputTree {
  /**
   * `commit`: as HEAD, or the commit that was asked for, has it. `changed`: the files of the working
   * tree, some of which no commit holds. `files`: those of a folder that is in no repository.
   */
  readonly kind: "commit" | "changed" | "files";
  /** The commit; of a changed tree the one that it began with. Null if there is none. */
  readonly commit: string | null;
  /** From the repository's top to the folder that was asked for: "" or ending in "/". */
  readonly prefix: string;
  /**
   * From the repository's top, in the order of their bytes, which are characters 0 to 255:
   * names of files may be no UTF-8.
   */
  readonly paths: readonly string[];
  /** Gives mode, type, object id and path of some of `paths`, as `git ls-tree` writes them. */
  readonly entriesAt: (indexes: readonly number[]) => Promise<readonly string[]>;
  /** True for what holds a whole repository (a submodule), so that a path may lead into it. */
  readonly isRepository: (index: number) => boolean;
}

/** Makes a tree of entries in the order of their paths, as `git ls-tree -r -z` gives them. */
export function treeOfEntries(
  entries: readonly string[],
  facts: Pick<InputTree, "kind" | "commit" | "prefix">,
): InputTree {
  return {
    ...facts,
    paths: entries.map((entry) => entry.slice(entry.indexOf("\t") + 1)),
    entriesAt: async (indexes) => indexes.map((index) => entries[index] ?? ""),
    isRepository: (index) => entries[index]?.startsWith("160000 ") ?? false,
  };
}

/** Gives a path's bytes, as characters 0 to 255, as text. */
export function pathText(path: string): string {
  return IS_ASCII.test(path) ? path : Buffer.from(path, "latin1").toString("utf8");
}

/** Gives a text's bytes as characters 0 to 255. */
export function pathBytes(text: string): string {
  return IS_ASCII.test(text) ? text : Buffer.from(text, "utf8").toString("latin1");
}

/** Gives the index of the first path that is not before a text. */
export function firstFrom(paths: readonly string[], text: string): number {
  let [low, high] = [0, paths.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((paths[middle] ?? "") < text) low = middle + 1;
    else high = middle;
  }
  return low;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: names of files may hold them.
const IS_ASCII = /^[\u0000-\u007f]*$/;
