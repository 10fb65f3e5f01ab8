import { CommandError } from "../command-error.js";
import type { Git } from "./git.js";
import { gitWords, isNetworkTrouble } from "./git-words.js";
import type { NotPushed } from "./until-pushed.js";

// What git and the servers say when the branch or the tag is not what it was a moment ago.
const RACE =
  /fetch first|non-fast-forward|already exists|stale info|cannot lock ref|failed to (update|lock|write)|incorrect old value|but expected|transaction failed|unable to (lock|resolve)|remote ref updated/;
// Said of the refs that fell with another one.
const FELLOW = /atomic push fail|atomic transaction failed|transaction aborted/;

/** What to push. */
export interface Push {
  readonly remote: string;
  readonly commit: string;
  /** Null to leave the branch where it is. */
  readonly branch: string | null;
  readonly tag: string;
}

/**
 * Pushes a commit as the new end of a branch and as a tag, both or neither. Nothing is forced.
 *
 * @throws {CommandError} `interrupted`, when it was stopped while the push was under way.
 */
export async function pushAtomically(
  git: Git,
  { remote, commit, branch, tag }: Push,
): Promise<{ readonly kind: "pushed" } | NotPushed> {
  const refs = [
    ...(branch === null ? [] : [`${commit}:refs/heads/${branch}`]),
    `${commit}:refs/tags/${tag}`,
  ];
  const answer = await git([
    ...["push", "--atomic", "--porcelain", "--no-follow-tags", "--recurse-submodules=no"],
    ...[remote, ...refs],
  ]).catch((cause: unknown) => {
    throw new CommandError(
      "interrupted",
      `Stopped while "${tag}" was on its way: it arrived whole or not at all, git ls-remote ${remote} "refs/tags/${tag}" says which`,
      { isOutcomeUnknown: true, cause },
    );
  });
  if (answer.ok) return { kind: "pushed" };
  const rejected = answer.stdout
    .split("\n")
    .filter((line) => line.startsWith("!\t"))
    .map((line) => line.split("\t").slice(2).join(" "));
  const reasons = rejected.filter((reason) => !FELLOW.test(reason));
  // Where all of them fell together, the first cause is on the error stream.
  const causes = reasons.length > 0 ? reasons : rejected.length > 0 ? [answer.stderr] : [];
  if (causes.length > 0 && causes.every((cause) => RACE.test(cause))) {
    return { kind: "raced", why: `others pushed to "${remote}" first` };
  }
  const why = gitWords([answer.stderr, ...reasons].join("\n"));
  const isUnreached = rejected.length === 0 && isNetworkTrouble(answer.stderr);
  return isUnreached
    ? { kind: "unreached", why }
    : { kind: "refused", why: `"${remote}" did not take it: ${why}` };
}
