import { type Check, checked, type Finding, skipped } from "../check.js";
import { recordsDeployment, stepsOf, variablesOf } from "../workflow.js";

/** A job that records has a record token, or may ask GitHub for one. */
export const idToken: Check = {
  name: "id-token",
  promise: "every job that records has what it proves itself with",
  look: async ({ workflows }) => {
    let isRecording = false;
    const findings: Finding[] = [];
    for (const workflow of workflows) {
      for (const { job, step } of stepsOf(workflow)) {
        if (!recordsDeployment(step.run)) continue;
        isRecording = true;
        const hasToken = "TIDELINE_RECORD_TOKEN" in variablesOf(workflow, job, step);
        // A composite action runs with the rights of the job that uses it.
        const isAction = workflow.events.size === 0;
        if (hasToken || isAction || mayIdentify(job.permissions ?? workflow.permissions)) continue;
        findings.push({
          level: "fail",
          where: `${workflow.path}:${step.runLine}`,
          problem: `job "${job.id}" records, and has neither a record token nor the right to identify itself`,
          fix: 'give the job "permissions: { contents: read, id-token: write }"',
        });
      }
    }
    return isRecording ? checked(findings) : skipped("no workflow records a deployment");
  },
};

function mayIdentify(permissions: unknown): boolean {
  if (permissions === "write-all") return true;
  return (permissions as Record<string, unknown> | null | undefined)?.["id-token"] === "write";
}
