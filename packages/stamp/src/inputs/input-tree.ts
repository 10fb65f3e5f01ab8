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
  /**
   * Gives mode, type, object id and path of some of `paths`, as `git ls-tree -z` writes them: each
   * ends in NUL.
   */
  readonly listingOf: (indexes: readonly number[]) => Promise<string>;
  /** True for what holds a whole repository (a submodule), so that a path may lead into it. */
  readonly isRepository: (index: number) => boolean;
}

/** Makes a tree of a listing in the order of its paths, as `git ls-tree -r -z` gives it. */
export function treeOfListing(
  listing: string,
  facts: Pick<InputTree, "kind" | "commit" | "prefix">,
): InputTree {
  const paths: string[] = [];
  // Where each entry begins, and where the last one ends.
  const starts: number[] = [0];
  for (let start = 0; start < listing.length; start = starts[paths.length] ?? 0) {
    const end = listing.indexOf("\0", start);
    paths.push(listing.slice(listing.indexOf("\t", start) + 1, end));
    starts.push(end + 1);
  }
  return {
    ...facts,
    paths,
    listingOf: async (indexes) => {
      // Neighbours are one piece: a folder of thousands of files is cut out once.
      let text = "";
      for (let at = 0; at < indexes.length; ) {
        const first = at;
        while (indexes[at + 1] === (indexes[at] ?? 0) + 1) at += 1;
        text += listing.slice(starts[indexes[first] ?? 0], starts[(indexes[at] ?? 0) + 1]);
        at += 1;
      }
      return text;
    },
    isRepository: (index) => listing.startsWith("160000 ", starts[index]),
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
