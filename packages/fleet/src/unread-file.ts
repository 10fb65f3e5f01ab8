const WORDS: Readonly<Record<string, string>> = {
  ENOENT: "none",
  ENOTDIR: "none",
  EISDIR: "a folder",
  EACCES: "one that may not be read",
  EPERM: "one that may not be read",
};

/**
 * Says what was found in place of a file that could be read, for the end of a sentence: "none" or "a
 * folder" rather than the system's own letters.
 *
 * @example
 * `Cannot read key: expected a file at "${path}", got ${unreadFile(error)}`
 */
export function unreadFile(error: unknown): string {
  const { code = "", message } = error as NodeJS.ErrnoException;
  return WORDS[code] ?? `"${code || message}"`;
}
