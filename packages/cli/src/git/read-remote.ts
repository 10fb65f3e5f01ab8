import type { Git } from "./git.js";
import { gitWords, isNetworkTrouble } from "./git-words.js";
import type { NotPushed } from "./until-pushed.js";

/** What a remote has at one moment. */
export interface RemoteState {
  readonly kind: "read";
  /** The branch's newest commit, null if there is no such branch. */
  readonly tip: string | null;
  /** The commits of the tags that were asked for, by the tags' names. */
  readonly tags: ReadonlyMap<string, string>;
}

/** Asks a remote for a branch and for the tags that begin with a prefix, in one go. */
export async function readRemote(
  git: Git,
  options: { readonly remote: string; readonly branch: string; readonly tagPrefix: string },
): Promise<RemoteState | NotPushed> {
  const { remote, branch, tagPrefix } = options;
  const heads = `refs/heads/${branch}`;
  const tagsOf = `refs/tags/${tagPrefix}`;
  const answer = await git(["ls-remote", remote, heads, `${tagsOf}*`]);
  if (!answer.ok) {
    const kind = isNetworkTrouble(answer.stderr) ? "unreached" : "refused";
    return { kind, why: gitWords(answer.stderr) };
  }
  let tip: string | null = null;
  const tags = new Map<string, string>();
  for (const line of answer.stdout.split("\n")) {
    const [commit = "", ref = ""] = line.split("\t");
    // The patterns also match at the end of longer names.
    if (ref === heads) tip = commit;
    // An annotated tag is followed by "name^{}" with its commit.
    if (ref.startsWith(tagsOf)) tags.set(ref.slice(10).replace(/\^\{\}$/, ""), commit);
  }
  return { kind: "read", tip, tags };
}
