import { appendFile } from "node:fs/promises";

/**
 * Tells a workflow of GitHub Actions what changed, as outputs of the step: `changed`, a JSON list of
 * names for a matrix, and `any`, `true` or `false` for a condition.
 *
 * @param path `$GITHUB_OUTPUT`.
 * @see https://docs.github.com/actions/reference/workflow-commands-for-github-actions
 */
export async function writeGithubOutput(path: string, changed: readonly string[]): Promise<void> {
  await appendFile(path, `changed=${JSON.stringify(changed)}\nany=${changed.length > 0}\n`);
}
