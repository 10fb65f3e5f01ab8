/** A GitHub workflow, or a composite action, as far as the checks look at it. */

/** Names and their values; what is no text is given as JSON. */
export type Settings = Readonly<Record<string, string>>;

/** One workflow file. */
export interface Workflow {
  readonly path: string;
  /** By event, what the event is narrowed to; empty for an action. */
  readonly events: ReadonlyMap<string, unknown>;
  readonly permissions: unknown;
  readonly concurrency: Concurrency | null;
  readonly env: Settings;
  readonly jobs: readonly Job[];
}

/** What of its kind runs at one time. */
export interface Concurrency {
  readonly line: number;
  /** True also for an expression, which may become true. */
  readonly cancelsRunning: boolean;
}

/** One job. */
export interface Job {
  readonly id: string;
  readonly line: number;
  readonly permissions: unknown;
  readonly concurrency: Concurrency | null;
  readonly env: Settings;
  readonly environment: string | null;
  readonly condition: string;
  /** A reusable workflow that it is. */
  readonly uses: string | null;
  readonly steps: readonly Step[];
}

/** One step. */
export interface Step {
  readonly line: number;
  readonly uses: string | null;
  readonly run: string;
  /** The line that `run` begins on. */
  readonly runLine: number;
  readonly with: Settings;
  readonly env: Settings;
  readonly condition: string;
}

/** A file that cannot be read as a workflow. */
export interface BrokenWorkflow {
  readonly path: string;
  readonly line: number;
  readonly problem: string;
}

/** All variables that a step sees from its workflow. */
export function variablesOf(workflow: Workflow, job: Job, step: Step): Settings {
  return { ...workflow.env, ...job.env, ...step.env };
}

/** Every step of a workflow with its job. */
export function* stepsOf(
  workflow: Workflow,
): Generator<{ readonly job: Job; readonly step: Step }> {
  for (const job of workflow.jobs) for (const step of job.steps) yield { job, step };
}

/** Says whether commands record a deployment, for real. */
export function recordsDeployment(run: string): boolean {
  return run
    .split("\n")
    .some(
      (line) =>
        /\btideline\b["']?\s+(--\s+)?record\b|\brecord-deployment\b/.test(line) &&
        !/--dry-run/.test(line),
    );
}

const DEPLOYS =
  /\bkubectl\s+(apply|set\s+image|rollout)\b|\bconvex\s+deploy\b|\bhelm\s+(upgrade|install)\b|(^|[\s/])deploy\.sh\b|\b(vercel|netlify|wrangler|fly|flyctl)\s+deploy\b/m;

/** Says whether a job puts something live: by its environment, or by what it runs. */
export function deploys(job: Job): boolean {
  return (
    job.environment !== null ||
    job.steps.some(({ run }) => DEPLOYS.test(run) || recordsDeployment(run))
  );
}
