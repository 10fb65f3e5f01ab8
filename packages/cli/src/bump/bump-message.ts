/** The trailer that names the commit a bump was made for. */
export const BUMP_FOR = "Tideline-Bump-For";

/**
 * Gives the message of a bump's commit. It starts no workflow: otherwise each bump would start the
 * workflow that bumps.
 *
 * @param attempt A word that no other attempt has. Two that begin in the same second on the same
 *   commit would otherwise write one and the same commit, and both believe that it is theirs.
 * @param forCommit Null for a bump for no commit in particular.
 */
export function bumpMessage(version: string, attempt: string, forCommit: string | null): string {
  const trailers = [
    ...(forCommit === null ? [] : [`${BUMP_FOR}: ${forCommit}`]),
    `Tideline-Bump-Attempt: ${attempt}`,
  ];
  return `chore: version ${version} [skip ci]\n\n${trailers.join("\n")}\n`;
}

/** Reads a bump's version and the commit it was made for out of a message; null if it is no bump. */
export function readBumpMessage(
  message: string,
): { readonly version: string; readonly forCommit: string } | null {
  const version = /^chore: version (\S+) \[skip ci\]/.exec(message)?.[1];
  const forCommit = new RegExp(`^${BUMP_FOR}: ([0-9a-f]{40,64})$`, "m").exec(message)?.[1];
  return version === undefined || forCommit === undefined ? null : { version, forCommit };
}
