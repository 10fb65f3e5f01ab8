/**
 * Gives the new list with, in place of each item that says the same as before, the very object of
 * before: a live query's answer is all new objects, and rows are drawn again only where their object
 * is another one.
 */
export function shareUnchanged<Item extends object>(
  before: readonly Item[],
  now: readonly Item[],
  keyOf: (item: Item) => string,
): readonly Item[] {
  const known = new Map(before.map((item) => [keyOf(item), item]));
  const shared = now.map((item) => {
    const old = known.get(keyOf(item));
    return old !== undefined && isSame(old, item) ? old : item;
  });
  const isAll = shared.length === before.length && shared.every((item, at) => item === before[at]);
  return isAll ? before : shared;
}

/** What a query answers is plain data, whose fields come in the same order each time. */
function isSame(a: object, b: object): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
