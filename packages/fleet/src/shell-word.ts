/**
 * Writes a word so that a POSIX shell takes it as it is, for commands that people paste.
 *
 * @example
 * shellWord("/srv/my fleet") // "'/srv/my fleet'"
 */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
