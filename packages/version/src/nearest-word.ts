/**
 * Gives the word that was probably meant: the one that takes the fewest insertions, removals,
 * replacements and swaps of letters to become it. Null if none is near.
 */
export function nearestWord(typed: string, words: Iterable<string>): string | null {
  // Two slips in a short word make it another word.
  let best: { readonly word: string | null; readonly distance: number } = {
    word: null,
    distance: Math.floor(Math.max(typed.length, 3) / 3) + 1,
  };
  for (const word of words) {
    const distance = editDistance(typed.toLowerCase(), word.toLowerCase());
    if (distance < best.distance) best = { word, distance };
  }
  return best.word;
}

function editDistance(from: string, to: string): number {
  let before: readonly number[] = [];
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let line = 1; line <= from.length; line++) {
    const next = [line];
    for (let column = 1; column <= to.length; column++) {
      const same = from[line - 1] === to[column - 1] ? 0 : 1;
      const isSwap = from[line - 1] === to[column - 2] && from[line - 2] === to[column - 1];
      next.push(
        Math.min(
          (row[column] ?? 0) + 1,
          (next[column - 1] ?? 0) + 1,
          (row[column - 1] ?? 0) + same,
          isSwap && column > 1 ? (before[column - 2] ?? Infinity) + 1 : Infinity,
        ),
      );
    }
    before = row;
    row = next;
  }
  return row[to.length] ?? 0;
}
