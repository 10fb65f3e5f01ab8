import { type Check, checked, skipped } from "../check.js";

/** GitHub can read the workflows; it runs a broken one never and says so only in its own pages. */
export const workflowsReadable: Check = {
  name: "workflow-files",
  promise: "every workflow can be read",
  look: async ({ workflows, brokenWorkflows }) => {
    if (workflows.length + brokenWorkflows.length === 0) return skipped("there are no workflows");
    return checked(
      brokenWorkflows.map(({ path, line, problem }) => ({
        level: "fail",
        where: `${path}:${line}`,
        problem: `GitHub cannot run it: ${problem}`,
        fix: "correct the YAML; no other check has looked into this file",
      })),
    );
  },
};
