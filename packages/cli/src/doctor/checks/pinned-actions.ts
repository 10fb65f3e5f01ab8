import { type Check, checked, type Finding, skipped } from "../check.js";

/** Every action is named by a full SHA: whoever owns a tag can move it to other code. */
export const pinnedActions: Check = {
  name: "pinned-actions",
  promise: "every action is pinned by its full SHA",
  look: async ({ workflows }) => {
    if (workflows.length === 0) return skipped("there are no workflows");
    const findings: Finding[] = [];
    for (const { path, jobs } of workflows) {
      for (const { line, uses, steps } of jobs) {
        for (const used of [{ line, uses }, ...steps]) {
          if (used.uses === null || isPinned(used.uses)) continue;
          findings.push({
            level: "fail",
            where: `${path}:${used.line}`,
            problem: `"${used.uses}" can become other code at any time, with this job's rights`,
            fix: `name the commit: ${used.uses.split("@")[0]}@<40 digits> # ${used.uses.split("@")[1] ?? "version"}`,
          });
        }
      }
    }
    return checked(findings);
  },
};

function isPinned(uses: string): boolean {
  if (uses.startsWith("./")) return true;
  if (uses.startsWith("docker://")) return /@sha256:[0-9a-f]{64}$/.test(uses);
  return /@([0-9a-f]{40}|[0-9a-f]{64})$/.test(uses);
}
