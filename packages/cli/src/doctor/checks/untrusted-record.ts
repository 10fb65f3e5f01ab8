import { type Check, checked, type Finding, skipped } from "../check.js";
import { recordsDeployment } from "../workflow.js";

/** What strangers propose neither runs with secrets nor records. */
export const untrustedRecord: Check = {
  name: "pull-request",
  promise: "nothing that a pull request starts records or has secrets",
  look: async ({ workflows }) => {
    if (workflows.length === 0) return skipped("there are no workflows");
    const findings: Finding[] = [];
    for (const { path, events, jobs } of workflows) {
      if (events.has("pull_request_target")) {
        findings.push({
          level: "fail",
          where: path,
          problem:
            "pull_request_target runs with this repository's secrets, for whoever opens a pull request",
          fix: "use pull_request, which has none",
        });
      }
      if (![...events.keys()].some((event) => event.startsWith("pull_request"))) continue;
      for (const job of jobs) {
        for (const step of job.steps) {
          const isNarrowed = /github\.(event_name|ref)/.test(`${job.condition} ${step.condition}`);
          if (isNarrowed || !recordsDeployment(step.run)) continue;
          findings.push({
            level: "fail",
            where: `${path}:${step.runLine}`,
            problem: "a pull request would be recorded as live, or refused by the ledger",
            fix: "record in a workflow that only push, release or workflow_dispatch starts",
          });
        }
      }
    }
    return checked(findings);
  },
};
