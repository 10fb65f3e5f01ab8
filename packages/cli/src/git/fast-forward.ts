import { shortCommit } from "@tideline/version";
import type { Git } from "./git.js";
import { gitWords } from "./git-words.js";

/**
 * Takes the caller's own branch along to a commit that was just pushed, where that loses nothing:
 * the branch is checked out, its working tree is clean, and it has no commits of its own.
 *
 * @returns A sentence, or null where there is nothing to say.
 */
export async function fastForward(
  git: Git,
  branch: string,
  commit: string,
): Promise<string | null> {
  const [head, current, isInside] = await Promise.all([
    git(["rev-parse", "--verify", "--quiet", "HEAD^{commit}"]),
    git(["symbolic-ref", "--quiet", "HEAD"]),
    git(["rev-parse", "--is-inside-work-tree"]),
  ]);
  const at = head.stdout.trim();
  if (at === commit || isInside.stdout.trim() !== "true") return null;
  // An older commit was tagged: the branch has it.
  if ((await git(["merge-base", "--is-ancestor", commit, at])).ok) return null;
  const stays = (why: string) =>
    `Your working tree stays at ${shortCommit(at) || "no commit"}: ${why}`;
  if (current.stdout.trim() !== `refs/heads/${branch}`) return stays(`it is not on "${branch}"`);
  const isBehind = await git(["merge-base", "--is-ancestor", at, commit]);
  if (!isBehind.ok) return stays(`your "${branch}" has commits that the pushed one has not`);
  const status = await git(["status", "--porcelain", "--untracked-files=no"]);
  if (!status.ok || status.stdout !== "") return stays("it has changes; git pull takes it along");
  const merged = await git(["merge", "--ff-only", "--quiet", commit]);
  return merged.ok ? `Your "${branch}" is there as well` : stays(gitWords(merged.stderr));
}
