/**
 * Gives a commit as it is shown to people: its first 12 characters, and what says that a build is
 * not of the commit alone (`"…-dirty"`) in full. Records always keep the full SHA.
 */
export function shortCommit(commit: string): string {
  const [, sha = commit, suffix = ""] = /^([0-9a-f]+)(-[a-z]+)$/i.exec(commit) ?? [];
  return sha.slice(0, 12) + suffix;
}
