import { type Check, checked, type Finding, skipped } from "../check.js";
import { mappingsIn } from "../read-manifests.js";

/** Every container names the image that it runs, not whatever has a moving name at that moment. */
export const latestImage: Check = {
  name: "latest-image",
  promise: "every container's image is named by a version or a digest",
  look: async ({ manifests }) => {
    if (manifests.length === 0) return skipped("there are no manifests");
    const findings: Finding[] = [];
    for (const { path, line, kind, content } of manifests) {
      for (const { names, mapping } of mappingsIn(content)) {
        const isContainer = /^(initC|ephemeralC|c)ontainers$/.test(names.at(-2) ?? "");
        const { image } = mapping;
        if (!isContainer || typeof image !== "string" || !isMoving(image)) continue;
        findings.push({
          level: "fail",
          where: `${path}:${line}`,
          problem: `${kind} runs "${image}": two of its pods may run two builds, and none can be named`,
          fix: `name the digest: ${image.split(":")[0]}@sha256:…, as tideline plan gives it`,
        });
      }
    }
    return checked(findings);
  },
};

function isMoving(image: string): boolean {
  // "$(IMAGE)" and "{{ … }}" are filled in by somebody else.
  if (/@sha256:|\$[({]|\{\{/.test(image)) return false;
  const tag = /:([^:/]+)$/.exec(image)?.[1];
  return tag === undefined || /^latest(-|$)/.test(tag);
}
