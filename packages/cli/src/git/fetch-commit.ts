import type { Git } from "./git.js";
import { gitWords, isNetworkTrouble } from "./git-words.js";
import type { NotPushed } from "./until-pushed.js";

/**
 * Makes sure that a branch's newest commit is here with what it needs. Touches no ref, no
 * FETCH_HEAD and no setting of the repository, so that any number may run in one clone.
 *
 * A shallow clone gets what is new since its own commits and stays shallow where it was.
 *
 * @param ref What to ask the remote for, for example `"refs/heads/main"`.
 */
export async function fetchCommit(
  git: Git,
  options: { readonly remote: string; readonly ref: string; readonly commit: string },
): Promise<{ readonly kind: "here" } | NotPushed> {
  const { remote, ref, commit } = options;
  if (await isWhole(git, commit)) return { kind: "here" };
  const fetched = await git([
    ...["-c", "gc.auto=0", "-c", "maintenance.auto=false"],
    ...["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules"],
    // An empty map keeps the remote-tracking branch, and its lock, out of it.
    ...["--refmap=", remote, ref],
  ]);
  if (!fetched.ok) {
    const kind = isNetworkTrouble(fetched.stderr) ? "unreached" : "refused";
    return { kind, why: gitWords(fetched.stderr) };
  }
  if (await isWhole(git, commit)) return { kind: "here" };
  return { kind: "raced", why: `"${ref}" of "${remote}" moved while it was fetched` };
}

/** A fetch that was killed may have left a commit without its files. */
async function isWhole(git: Git, commit: string): Promise<boolean> {
  const { ok } = await git([
    ...["rev-list", "--objects", "--quiet", "--exclude-promisor-objects"],
    ...[commit, "--not", "--all"],
  ]);
  return ok;
}
