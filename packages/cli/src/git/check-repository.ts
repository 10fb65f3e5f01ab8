import { CommandError } from "../command-error.js";
import type { Git } from "./git.js";
import { gitWords } from "./git-words.js";

/**
 * Makes sure that there is a repository with a remote of that name.
 *
 * @param doing What the sentence says could not be done, for example `"bump"`.
 * @throws {CommandError} `usage`: no git, no repository, one that git does not trust, no remote.
 */
export async function checkRepository(git: Git, remote: string, doing: string): Promise<void> {
  const folder = await git(["rev-parse", "--git-dir"]);
  if (!folder.ok) throw new CommandError("usage", `Cannot ${doing}: ${gitWords(folder.stderr)}`);
  const url = await git(["remote", "get-url", remote]);
  if (url.ok) return;
  const remotes = (await git(["remote"])).stdout.trim().split("\n").filter(Boolean);
  throw new CommandError(
    "usage",
    `Cannot ${doing}: expected the git remote "${remote}", got ${remotes.map((name) => `"${name}"`).join(", ") || "none at all"}`,
  );
}
