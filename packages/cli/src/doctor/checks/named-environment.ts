import { type Check, checked, type Finding, skipped } from "../check.js";
import { stepsOf, variablesOf } from "../workflow.js";

/** A build in CI says which environment it is for: it has no default there, and fails. */
export const namedEnvironment: Check = {
  name: "environment",
  promise: "every build in CI says which environment it is for",
  look: async ({ files, read, workflows }) => {
    const isStamped = await usesPlugin(files, read);
    if (!isStamped) return skipped("no Vite configuration uses @tideline/vite-plugin");
    const findings: Finding[] = [];
    for (const workflow of workflows) {
      for (const { job, step } of stepsOf(workflow)) {
        const isDirect = /\bvite\s+build\b/.test(step.run);
        const isScript = /\b(npm|pnpm|yarn|bun)\s+(run\s+)?build\b/.test(step.run);
        if (!isDirect && !isScript) continue;
        const isNamed =
          "TIDELINE_ENVIRONMENT" in variablesOf(workflow, job, step) ||
          /TIDELINE_ENVIRONMENT/.test(`${step.run}${job.steps.map(({ run }) => run).join("\n")}`);
        if (isNamed) continue;
        findings.push({
          // A script may set it itself.
          level: isDirect ? "fail" : "warn",
          where: `${workflow.path}:${step.runLine}`,
          problem:
            "this build does not say which environment it is for, and in CI there is no default",
          fix: "set TIDELINE_ENVIRONMENT in the step's env",
        });
      }
    }
    return checked(findings);
  },
};

async function usesPlugin(
  files: readonly string[],
  read: (path: string) => Promise<string | null>,
): Promise<boolean> {
  for (const path of files.filter((file) => /(^|\/)vite\.config\.[cm]?[jt]s$/.test(file))) {
    if ((await read(path))?.includes("@tideline/vite-plugin")) return true;
  }
  return false;
}
