/**
 * Finds a circle in what depends on what.
 *
 * @returns The names along it, the first again at the end; null if there is none.
 *
 * @example
 * findCycle(new Map([["a", ["b"]], ["b", ["a"]]])) // ["a", "b", "a"]
 */
export function findCycle(edges: ReadonlyMap<string, readonly string[]>): readonly string[] | null {
  const done = new Set<string>();
  const follow = (name: string, way: readonly string[]): readonly string[] | null => {
    const start = way.indexOf(name);
    if (start >= 0) return [...way.slice(start), name];
    if (done.has(name)) return null;
    for (const next of edges.get(name) ?? []) {
      const cycle = follow(next, [...way, name]);
      if (cycle !== null) return cycle;
    }
    done.add(name);
    return null;
  };
  for (const name of edges.keys()) {
    const cycle = follow(name, []);
    if (cycle !== null) return cycle;
  }
  return null;
}
