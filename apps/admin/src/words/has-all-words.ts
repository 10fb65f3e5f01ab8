/**
 * Says whether every word of a filter is somewhere in the texts, whatever its case. No words are
 * in any text.
 *
 * @param texts What is shown of a row; null where it shows nothing.
 */
export function hasAllWords(
  texts: readonly (string | null | undefined)[],
  filter: string,
): boolean {
  const text = texts.join("\n").toLowerCase();
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}
