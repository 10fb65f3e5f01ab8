import { CommandError } from "../command-error.js";
import { fetchCommit } from "../git/fetch-commit.js";
import { fetchHistory } from "../git/fetch-history.js";
import type { Git } from "../git/git.js";
import type { RemoteState } from "../git/read-remote.js";
import type { VersionSettings } from "../versions/version-settings.js";

/** Where to look for what `--at` names. */
export interface FindSourceOptions {
  readonly at: string;
  readonly tip: string;
  readonly state: RemoteState;
  readonly settings: VersionSettings;
}

/**
 * Finds the commit that is to be released: a tag of the remote, or a commit of the branch. A
 * shallow clone that does not have it fetches it.
 *
 * @throws {CommandError} `usage`, if there is no such commit; `refused`, if the branch does not
 *   have it.
 */
export async function findSource(git: Git, options: FindSourceOptions): Promise<string> {
  const { at, tip, state, settings } = options;
  const { remote, branch } = settings;
  const tagged = state.tags.get(at);
  const commit = tagged ?? (await resolve(git, at));
  if (commit === null) {
    throw new CommandError(
      "usage",
      `Cannot release at "${at}": expected a tag of "${remote}" or a full commit of "${branch}", found neither`,
    );
  }
  const ref = tagged === undefined ? commit : `refs/tags/${at}`;
  const fetched = await fetchCommit(git, { remote, ref, commit });
  if (fetched.kind !== "here") {
    throw new CommandError("failed", `Cannot release at "${at}": ${fetched.why}`);
  }
  if (!(await isOnBranch(git, commit, tip, settings))) {
    throw new CommandError(
      "refused",
      `Cannot release at "${at}": expected a commit of "${branch}" of "${remote}", which does not have it`,
    );
  }
  return commit;
}

/** A full SHA need not be here yet; anything shorter does. */
async function resolve(git: Git, at: string): Promise<string | null> {
  if (/^([0-9a-f]{40}|[0-9a-f]{64})$/i.test(at)) return at.toLowerCase();
  const found = await git([
    "rev-parse",
    "--verify",
    "--quiet",
    "--end-of-options",
    `${at}^{commit}`,
  ]);
  return found.ok ? found.stdout.trim() : null;
}

async function isOnBranch(
  git: Git,
  commit: string,
  tip: string,
  settings: VersionSettings,
): Promise<boolean> {
  const isAncestor = ["merge-base", "--is-ancestor", commit, tip];
  if ((await git(isAncestor)).ok) return true;
  // A shallow clone says no to what it cannot see.
  if ((await git(["rev-parse", "--is-shallow-repository"])).stdout.trim() !== "true") return false;
  const history = await fetchHistory(git, settings);
  if (history.kind !== "fetched") {
    throw new CommandError("failed", `Cannot release at ${commit}: ${history.why}`);
  }
  try {
    return (await history.git(isAncestor)).ok;
  } finally {
    await history.dispose();
  }
}
