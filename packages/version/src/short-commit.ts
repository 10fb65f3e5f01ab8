/** Gives the 12 characters of a commit that are shown to people. Records always keep the full SHA. */
export function shortCommit(commit: string): string {
  return commit.slice(0, 12);
}
