import { type Check, checked, type Finding, skipped } from "../check.js";
import { type Manifest, mappingsIn } from "../read-manifests.js";

const LABEL = "app.kubernetes.io/version";
const SELECTORS = new Set(["selector", "matchLabels", "podSelector"]);

/** No selector goes by the version: selectors cannot be changed, so the next version fails. */
export const selectorLabel: Check = {
  name: "selector-label",
  promise: "no selector goes by the version",
  look: async ({ manifests }) => {
    if (manifests.length === 0) return skipped("there are no manifests");
    return checked(manifests.flatMap(findingsIn));
  },
};

function findingsIn(manifest: Manifest): Finding[] {
  const { path, line, kind, content } = manifest;
  const found = (problem: string, fix: string): Finding => ({
    level: "fail",
    where: `${path}:${line}`,
    problem,
    fix,
  });
  if (kind === "Kustomization") {
    const { commonLabels, labels } = content as {
      commonLabels?: Record<string, unknown>;
      labels?: { includeSelectors?: boolean; pairs?: Record<string, unknown> }[];
    };
    const isSelecting =
      (commonLabels !== undefined && LABEL in commonLabels) ||
      (Array.isArray(labels) &&
        labels.some((each) => each.includeSelectors === true && LABEL in (each.pairs ?? {})));
    if (!isSelecting) return [];
    const fix = `put "${LABEL}" under "labels" with "includeSelectors: false" and "includeTemplates: true"`;
    return [found(`Kustomize puts "${LABEL}" into every selector`, fix)];
  }
  for (const { names, mapping } of mappingsIn(content)) {
    if (!SELECTORS.has(names.at(-1) ?? "") || !(LABEL in mapping)) continue;
    const problem = `${kind} selects by "${LABEL}" in ${names.join(".")}: the next version is refused, or selects nothing`;
    return [
      found(problem, `keep "${LABEL}" in metadata.labels and the pod template's labels alone`),
    ];
  }
  return [];
}
