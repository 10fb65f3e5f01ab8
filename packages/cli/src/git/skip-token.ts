// GitHub starts no workflow for a push whose newest commit has one of them in its message.
const TOKEN = /\[(skip ci|ci skip|no ci|skip actions|actions skip)\]/i;
const TRAILER = /^skip-checks:[ \t]*true[ \t]*$/im;

/**
 * Finds what makes GitHub skip a commit's workflows, a tag's included: one of five tokens anywhere
 * in its message, or a line `skip-checks: true`.
 *
 * @returns It as it stands there, or null.
 * @see https://docs.github.com/actions/managing-workflow-runs/skipping-workflow-runs
 */
export function findSkipToken(message: string): string | null {
  return (TOKEN.exec(message) ?? TRAILER.exec(message))?.[0].trim() ?? null;
}
