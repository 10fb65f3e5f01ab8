import { type Check, checked, type Finding } from "../check.js";
import { type Job, stepsOf, variablesOf } from "../workflow.js";

const COUNTS = /\bgit\s+(rev-list\s[^|;&]*--count|describe)\b/;
const FIX = 'give actions/checkout "fetch-depth: 0" and "filter: blob:none" in that job';

/** What counts commits has all of them: in a shallow clone the count is wrong, without a word. */
export const shallowCount: Check = {
  name: "shallow-clone",
  promise: "nothing counts commits where not all of them are",
  look: async ({ env, git, workflows }) => {
    const findings: Finding[] = [];
    const shallow = await git(["rev-parse", "--is-shallow-repository"]);
    if (env.TIDELINE_VERSION_FORM === "date-count" && shallow.stdout.trim() === "true") {
      findings.push({
        level: "fail",
        where: null,
        problem:
          "TIDELINE_VERSION_FORM=date-count counts commits, and this clone has only the last",
        fix: "git fetch --unshallow --filter=blob:none",
      });
    }
    for (const workflow of workflows) {
      for (const { job, step } of stepsOf(workflow)) {
        const form = variablesOf(workflow, job, step).TIDELINE_VERSION_FORM;
        const isCounting = COUNTS.test(step.run) || (form === "date-count" && step.run !== "");
        if (!isCounting || !isShallow(job)) continue;
        findings.push({
          level: "fail",
          where: `${workflow.path}:${step.runLine}`,
          problem: `job "${job.id}" counts commits, and its checkout has only the last one`,
          fix: FIX,
        });
        if (form === "date-count") break;
      }
    }
    return checked(findings);
  },
};

function isShallow(job: Job): boolean {
  const checkout = job.steps.find(({ uses }) => uses?.startsWith("actions/checkout@"));
  return checkout !== undefined && checkout.with["fetch-depth"] !== "0";
}
