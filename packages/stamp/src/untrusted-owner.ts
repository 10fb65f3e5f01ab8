/** Why git refuses a folder that another user owns, in the same words wherever it is met. */
export interface UntrustedOwner {
  /** The beginning of a sentence. */
  readonly warning: string;
  /** The command that makes git trust the folder. */
  readonly remedy: string;
}

/** Reads it out of what git said on its error stream, in English; null if that is not its trouble. */
export function untrustedOwner(stderr: string): UntrustedOwner | null {
  const folder = /dubious ownership in repository at '(.+)'/.exec(stderr)?.[1];
  if (folder === undefined) return null;
  const remedy = `git config --global --add safe.directory "${folder}"`;
  return {
    warning: `git refuses "${folder}" because another user owns it (${remedy} allows it)`,
    remedy,
  };
}
