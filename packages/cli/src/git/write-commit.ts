/** New commits without an index or a working tree: those of the caller are never looked at. */
import { CommandError } from "../command-error.js";
import type { Env } from "../terminal.js";
import type { Git, GitRunOptions } from "./git.js";
import { gitWords } from "./git-words.js";

/** One file of a commit, by its path from the repository's top, and its new content. */
export interface FileChange {
  readonly path: string;
  readonly text: string;
}

/**
 * Writes a commit on top of another one that differs from it in one file, or in none.
 *
 * @param change Null for an empty commit. The file has to exist in the parent.
 * @param identity What {@link commitIdentity} gave.
 * @returns The commit, which no ref holds yet.
 * @throws {CommandError} `failed`, with git's words.
 */
export async function writeCommit(
  git: Git,
  options: {
    readonly parent: string;
    readonly change: FileChange | null;
    readonly message: string;
    readonly identity: Env;
  },
): Promise<string> {
  const { parent, change, message, identity } = options;
  const [tree, signs] = await Promise.all([
    change === null ? `${parent}^{tree}` : treeWith(git, parent, change),
    git(["config", "--type=bool", "--get", "commit.gpgSign"]),
  ]);
  const sign = signs.stdout.trim() === "true" ? ["--gpg-sign"] : [];
  return await must(git, ["commit-tree", ...sign, "-p", parent, tree], {
    input: message,
    env: identity,
  });
}

/** From the file upwards, each folder's listing with one line changed. */
async function treeWith(git: Git, parent: string, { path, text }: FileChange): Promise<string> {
  let id = await must(git, ["hash-object", "-w", "--stdin"], { input: text });
  for (let rest = path; rest !== ""; ) {
    const cut = rest.lastIndexOf("/");
    const folder = rest.slice(0, Math.max(cut, 0));
    const listing = await must(git, ["ls-tree", "-z", "--full-tree", `${parent}:${folder}`], {
      isBinary: true,
    });
    // Listings are read as bytes, so the name is compared as bytes.
    const name = Buffer.from(rest.slice(cut + 1), "utf8").toString("latin1");
    const lines = listing.split("\0").filter((line) => line !== "");
    const changed = lines.map((line) => {
      const [entry = "", entryName] = line.split("\t", 2);
      if (entryName !== name) return line;
      return `${entry.split(" ").slice(0, 2).join(" ")} ${id}\t${name}`;
    });
    if (changed.every((line, index) => line === lines[index])) {
      throw new CommandError(
        "failed",
        `Cannot write a commit: expected "${path}" in ${parent}, found none`,
      );
    }
    // A partial clone has not all that a folder names.
    id = await must(git, ["mktree", "-z", "--missing"], {
      input: changed.map((line) => `${line}\0`).join(""),
      isBinary: true,
    });
    rest = folder;
  }
  return id;
}

async function must(git: Git, args: readonly string[], options?: GitRunOptions): Promise<string> {
  const { ok, stdout, stderr } = await git(args, options);
  if (ok) return options?.isBinary ? stdout.replace(/\n$/, "") : stdout.trim();
  throw new CommandError("failed", `Cannot write a commit: git ${args[0]}: ${gitWords(stderr)}`);
}
