/** Two deployments of one place at once, and one that is cut off in the middle. */
import { type Check, checked, type Finding, skipped } from "../check.js";
import type { Examination } from "../examination.js";
import { deploys, type Job, type Workflow } from "../workflow.js";

/** Deployments of one place wait for each other. */
export const deployConcurrency: Check = {
  name: "concurrency",
  promise: "deployments of one place wait for each other",
  look: async (examination) => {
    const jobs = deployingJobs(examination);
    if (jobs.length === 0) return skipped("no workflow deploys");
    const findings = jobs
      .filter(({ workflow, job }) => workflow.concurrency === null && job.concurrency === null)
      // A workflow that is only called waits with the one that calls it.
      .filter(({ workflow: { events } }) => !(events.size <= 1 && events.has("workflow_call")))
      .map(
        ({ workflow, job }): Finding => ({
          level: "fail",
          where: `${workflow.path}:${job.line}`,
          problem: `job "${job.id}" deploys, and two runs of it at once leave whichever is slower live`,
          fix: 'add "concurrency: { group: deploy-<environment>, cancel-in-progress: false }"',
        }),
      );
    return checked(findings);
  },
};

/** No deployment is cut off by the next one. */
export const cancelInProgress: Check = {
  name: "cancel-in-progress",
  promise: "no deployment is cut off by the next one",
  look: async (examination) => {
    const jobs = deployingJobs(examination);
    if (jobs.length === 0) return skipped("no workflow deploys");
    const findings: Finding[] = [];
    const seen = new Set<string>();
    for (const { workflow, job } of jobs) {
      const cancelling = [job.concurrency, workflow.concurrency].find(
        (each) => each?.cancelsRunning,
      );
      if (!cancelling) continue;
      const where = `${workflow.path}:${cancelling.line}`;
      if (seen.has(where)) continue;
      seen.add(where);
      const isProduction = /prod|live/i.test(`${job.environment ?? ""} ${workflow.path} ${job.id}`);
      findings.push({
        level: isProduction ? "fail" : "warn",
        where,
        problem: `a newer run cuts job "${job.id}" off, perhaps between switching over and recording`,
        fix: "cancel-in-progress: false",
      });
    }
    return checked(findings);
  },
};

function deployingJobs({
  workflows,
}: Examination): { readonly workflow: Workflow; readonly job: Job }[] {
  return workflows
    .filter(({ events }) => events.size > 0)
    .flatMap((workflow) =>
      workflow.jobs.filter((job) => deploys(job)).map((job) => ({ workflow, job })),
    );
}
