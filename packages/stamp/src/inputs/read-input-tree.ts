import { access } from "node:fs/promises";
import { dirname, join, parse, resolve } from "node:path";
import type { Env } from "../ci.js";
import type { GitAnswer } from "../run-git.js";
import { untrustedOwner } from "../untrusted-owner.js";
import { askGit } from "./ask-git.js";
import { type InputTree, treeOfListing } from "./input-tree.js";
import { readChangedListing } from "./read-changed-listing.js";
import { readFolderTree } from "./read-folder-tree.js";

/**
 * Lists what a folder's repository holds: HEAD's files if the working tree is as HEAD has it, else
 * the files of the working tree, untracked ones included and ignored ones not. Needs no history, so
 * a shallow clone gives the same. A folder in no repository gives its own files.
 *
 * Writes nothing into the repository, not even its index.
 *
 * @param options.commit This commit's files, whatever the working tree is like.
 * @throws {Error} If there is a repository and git cannot read it; one sentence that says why.
 */
export async function readInputTree(
  root: string,
  env: Env,
  options: { readonly commit?: string } = {},
): Promise<InputTree> {
  const git = (...args: string[]) => askGit(root, env, args);
  const commit = options.commit ?? "HEAD";
  // All at once: each of them is over before Node has started the next.
  const [place, listing, status] = await Promise.all([
    git("rev-parse", "--show-prefix", `${commit}^{commit}`),
    git("ls-tree", "-r", "-z", "--full-tree", commit),
    options.commit === undefined
      ? git("status", "--porcelain", "-z", "--no-renames", "--ignore-submodules=none", ":/")
      : null,
  ]);
  if (!place.ok && options.commit === undefined) return await readWithoutCommit(root, env, place);
  for (const answer of [place, listing, status]) {
    if (answer !== null && !answer.ok) throw new Error(explain(answer, root));
  }
  // A folder's name may hold a line break, a commit's cannot.
  const lastLine = place.stdout.trimEnd().lastIndexOf("\n") + 1;
  const found = place.stdout.slice(lastLine).trimEnd();
  const prefix = place.stdout.slice(0, lastLine - 1);
  if (status === null || status.stdout === "") {
    const facts = { kind: "commit", commit: found, prefix } as const;
    return treeOfListing(listing.stdout, facts);
  }
  const facts = { kind: "changed", commit: found, prefix } as const;
  return treeOfListing(await readChangedListing(root, env), facts);
}

/** There is no HEAD: a repository without a commit, no repository, or one that git does not read. */
async function readWithoutCommit(root: string, env: Env, place: GitAnswer): Promise<InputTree> {
  const top = await askGit(root, env, ["rev-parse", "--show-prefix"]);
  if (!top.ok) {
    if (await isInRepository(root)) throw new Error(explain(top, root));
    return await readFolderTree(root);
  }
  const head = await askGit(root, env, ["rev-parse", "--verify", "--quiet", "HEAD"]);
  if (head.ok) throw new Error(explain(place, root));
  const facts = { kind: "changed", commit: null, prefix: top.stdout.slice(0, -1) } as const;
  return treeOfListing(await readChangedListing(root, env), facts);
}

/** Looks without git: git may be missing, or refuse the repository. */
async function isInRepository(root: string): Promise<boolean> {
  for (let folder = resolve(root); ; folder = dirname(folder)) {
    const isHere = await access(join(folder, ".git")).then(
      () => true,
      () => false,
    );
    if (isHere) return true;
    if (folder === parse(folder).root) return false;
  }
}

function explain({ isMissing, message }: GitAnswer, root: string): string {
  const doing = `Cannot fingerprint "${root}"`;
  if (isMissing) return `${doing}: expected the command git, which its repository needs, got none`;
  const owner = untrustedOwner(message);
  if (owner !== null) return `${doing}: ${owner.warning}`;
  const [first = ""] = message.split("\n");
  return `${doing}: ${first.replace(/^(fatal|error): /, "").replace(/[.:]$/, "")}`;
}
