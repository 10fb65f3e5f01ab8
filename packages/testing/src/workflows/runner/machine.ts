/** What a run of a workflow meets outside itself: the repository, its settings, and GitHub. */
import type { Workflow } from "../official-parser/workflow.js";
import type { ActionStandIn } from "./actions.js";
import type { RepositoryEvent } from "./event.js";

/** Who a job is, for the service that signs its identity tokens. */
export interface JobIdentity {
  readonly environment: string | null;
  /** The file of the run. */
  readonly workflowPath: string;
  /** The file that holds the job: the run's, or one that it calls. */
  readonly jobPath: string;
  readonly event: RepositoryEvent;
  readonly runId: number;
  readonly runAttempt: number;
}

/** A repository at a GitHub of our own. */
export interface Machine {
  /** `owner/name`. */
  readonly repository: string;
  /** The bare repository that a checkout clones. */
  readonly bare: string;
  /** Where runs keep their files. */
  readonly folder: string;
  readonly vars: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string>>;
  /** What a GitHub-hosted machine has besides: PATH, HOME, npm's settings. */
  readonly env: Readonly<Record<string, string>>;
  readonly apiUrl: string;
  /** By `owner/name`, without version. */
  readonly actions: Readonly<Record<string, ActionStandIn>>;
  /** Gives what a job with `id-token: write` finds in its environment. */
  readonly grantIdentity: (identity: JobIdentity) => Readonly<Record<string, string>>;
  /** Gives the workflow that a job calls, for a run of a commit. */
  readonly readCalled: (
    uses: string,
    sha: string,
  ) => Promise<{ readonly path: string; readonly workflow: Workflow }>;
}

/** One attempt at running a workflow. */
export interface RunRequest {
  readonly workflow: Workflow;
  readonly path: string;
  /** The file of a called workflow whose jobs are run, else `path` itself. */
  readonly jobPath: string;
  /** What the caller of that workflow gave it, else the repository's own. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly event: RepositoryEvent;
  readonly runId: number;
  readonly runAttempt: number;
}

/** How a job, a step or a run ended. */
export type Conclusion = "success" | "failure" | "skipped" | "cancelled";

/** One step that was run, or not. */
export interface StepRun {
  readonly name: string;
  readonly conclusion: Conclusion;
  /** What its process ended with; null for a stand-in and for what was not run. */
  readonly exitCode: number | null;
  readonly log: string;
}

/** One job, or one leg of a matrix. */
export interface JobRun {
  readonly id: string;
  readonly conclusion: Conclusion;
  readonly steps: readonly StepRun[];
  readonly outputs: Readonly<Record<string, string>>;
  readonly summary: string;
}

/** One attempt. */
export interface WorkflowRun {
  readonly conclusion: Conclusion;
  readonly jobs: readonly JobRun[];
}
