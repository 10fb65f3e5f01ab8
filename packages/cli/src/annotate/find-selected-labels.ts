import { isMap, isScalar, isSeq, type Node, visit } from "yaml";

/**
 * Gives the offsets at which a label is part of a selector: of a Service or a workload, of a policy,
 * a disruption budget, an affinity, in whatever kind of object.
 */
export function findSelectedLabels(contents: Node | null, label: string): number[] {
  const found: number[] = [];
  const offsetOf = (node: unknown) => (node as Node).range?.[0] ?? 0;
  visit(contents, {
    Pair(_index, pair, path) {
      if (!isScalar(pair.key)) return;
      const above = path.filter((node) => "key" in node).map((node) => keyOf(node));
      const isLabel = pair.key.value === label;
      // A Service names labels directly below "selector", all others below "matchLabels".
      if (isLabel && above.some((key) => key === "matchLabels" || /selector$/i.test(key))) {
        // Node selectors choose machines, whose labels nobody sets here.
        if (!above.includes("nodeSelector")) found.push(offsetOf(pair.key));
      }
      if (pair.key.value === "matchExpressions" && isSeq(pair.value)) {
        for (const item of pair.value.items) {
          if (isMap(item) && item.get("key") === label) found.push(offsetOf(item));
        }
      }
    },
  });
  return found;
}

function keyOf(node: unknown): string {
  const { key } = node as { readonly key?: unknown };
  return isScalar(key) ? String(key.value) : "";
}
