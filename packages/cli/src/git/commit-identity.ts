import { CommandError } from "../command-error.js";
import type { Env } from "../terminal.js";
import type { Git } from "./git.js";

// The account that GitHub's own actions commit as.
const GITHUB_BOT = {
  name: "github-actions[bot]",
  email: "41898282+github-actions[bot]@users.noreply.github.com",
} as const;

/**
 * Gives the variables that say who commits: nothing where git knows it, else the bot inside GitHub
 * Actions, else who started a GitLab pipeline.
 *
 * @throws {CommandError} `usage`, if nobody is named. git's own guess from the machine's name is
 *   not taken.
 */
export async function commitIdentity(git: Git, env: Env, doing: string): Promise<Env> {
  const settings = ["-c", "user.useConfigOnly=true", "var"];
  const [author, committer] = await Promise.all([
    git([...settings, "GIT_AUTHOR_IDENT"]),
    git([...settings, "GIT_COMMITTER_IDENT"]),
  ]);
  if (author.ok && committer.ok) return {};
  const name = env.GITLAB_USER_NAME?.trim();
  const email = env.GITLAB_USER_EMAIL?.trim();
  const bot =
    env.GITHUB_ACTIONS === "true"
      ? GITHUB_BOT
      : env.GITLAB_CI && name && email
        ? { name, email }
        : null;
  if (bot === null) {
    throw new CommandError(
      "usage",
      `Cannot ${doing}: expected somebody who commits, set user.name and user.email with git config, or GIT_AUTHOR_NAME, GIT_AUTHOR_EMAIL, GIT_COMMITTER_NAME and GIT_COMMITTER_EMAIL`,
    );
  }
  return {
    ...(!author.ok && { GIT_AUTHOR_NAME: bot.name, GIT_AUTHOR_EMAIL: bot.email }),
    ...(!committer.ok && { GIT_COMMITTER_NAME: bot.name, GIT_COMMITTER_EMAIL: bot.email }),
  };
}
