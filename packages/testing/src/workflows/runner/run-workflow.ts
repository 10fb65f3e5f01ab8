/**
 * Runs a workflow file on this machine: its jobs in the order of their needs, its scripts unchanged
 * in a real bash. What it does not know it refuses instead of passing over it.
 */
import { join } from "node:path";
import { asMap, type Job, type Workflow } from "../official-parser/workflow.js";
import { type Contexts, fill, fillTexts, isTrue, type Json } from "./evaluate.js";
import { expandMatrix } from "./expand-matrix.js";
import type { Conclusion, JobRun, Machine, RunRequest, WorkflowRun } from "./machine.js";
import { runJob } from "./run-job.js";

/** Runs a workflow to its end. */
export async function runWorkflow(machine: Machine, request: RunRequest): Promise<WorkflowRun> {
  const { event } = request;
  const inputs = event.name === "workflow_dispatch" ? event.inputs : {};
  const jobs = await runJobs(machine, request, withDefaults(request.workflow, event.name, inputs));
  return { conclusion: concludeAll(jobs), jobs };
}

type Results = Map<
  string,
  { readonly result: Conclusion; readonly outputs: Record<string, string> }
>;

async function runJobs(
  machine: Machine,
  request: RunRequest,
  inputs: Readonly<Record<string, Json>>,
): Promise<JobRun[]> {
  const runs: JobRun[] = [];
  const results: Results = new Map();
  for (const job of inOrder(request.workflow.jobs)) {
    const legs = await runLegs(
      machine,
      request,
      job,
      contextsOf(machine, request, job, results, inputs),
    );
    runs.push(...legs);
    results.set(job.id, {
      result: concludeAll(legs),
      outputs: Object.assign({}, ...legs.map(({ outputs }) => outputs)) as Record<string, string>,
    });
  }
  return runs;
}

/** All legs of a job's matrix; one leg for a job without. */
async function runLegs(
  machine: Machine,
  request: RunRequest,
  job: Job,
  contexts: Contexts,
): Promise<JobRun[]> {
  const skipped: JobRun = {
    id: job.id,
    conclusion: "skipped",
    steps: [],
    outputs: {},
    summary: "",
  };
  if (!isTrue(job.condition, contexts)) return [skipped];
  const strategy = asMap(job.source.strategy);
  const failFast = fill(strategy["fail-fast"], contexts) !== false;
  const runLeg = async (matrix: Json): Promise<JobRun[]> => {
    const own: Contexts = { values: { ...contexts.values, matrix }, status: "success" };
    return job.source.uses === undefined
      ? [await runJob(machine, request, job, own)]
      : await runCalled(machine, request, job, own);
  };
  const matrices = expandMatrix(fill(strategy.matrix, contexts));
  // Where one must not end the others they run beside each other, as they do at GitHub.
  if (!failFast) return (await Promise.all(matrices.map(runLeg))).flat();
  const legs: JobRun[] = [];
  for (const matrix of matrices) {
    const isOver = legs.some(({ conclusion }) => conclusion === "failure");
    legs.push(
      ...(isOver ? [{ ...skipped, conclusion: "cancelled" as const }] : await runLeg(matrix)),
    );
  }
  return legs;
}

/** A job that is another workflow; its jobs are named after the caller. */
async function runCalled(
  machine: Machine,
  request: RunRequest,
  job: Job,
  contexts: Contexts,
): Promise<JobRun[]> {
  const { path, workflow } = await machine.readCalled(String(job.source.uses), request.event.sha);
  const given = fill(job.source.with, contexts);
  const inputs = withDefaults(workflow, "workflow_call", asRecord(given));
  const granted = asMap(job.source.permissions);
  for (const called of workflow.jobs) {
    for (const [name, right] of Object.entries(asMap(called.source.permissions))) {
      if (right === "write" && granted[name] !== "write") {
        throw new Error(
          `Cannot call ${path}: its job ${called.id} asks for ${name}: write, which the caller does not give`,
        );
      }
    }
  }
  const jobs = await runJobs(
    machine,
    {
      ...request,
      workflow,
      jobPath: path,
      secrets: fillTexts(job.source.secrets, contexts),
    },
    inputs,
  );
  return jobs.map((run) => ({ ...run, id: `${job.id} / ${run.id}` }));
}

/** The inputs with the defaults that the workflow declares; a missing required one is refused. */
function withDefaults(
  { on, name }: Workflow,
  event: string,
  given: Readonly<Record<string, Json>>,
): Record<string, Json> {
  const declared = Object.entries(asMap(asMap(on[event]).inputs));
  const unknown = Object.keys(given).find((key) => !declared.some(([input]) => input === key));
  if (unknown !== undefined) throw new Error(`Cannot run ${name}: it has no input "${unknown}"`);
  return Object.fromEntries(
    declared.map(([input, row]) => {
      const { required, type, default: preset } = asMap(row);
      const value = given[input] ?? fill(preset, { values: {}, status: "success" });
      if (required === true && (value === null || value === "")) {
        throw new Error(`Cannot run ${name}: its input "${input}" is required`);
      }
      // What is typed into a form is a text, and "false" would be true.
      return [input, type === "boolean" ? value === true || value === "true" : (value ?? "")];
    }),
  );
}

function contextsOf(
  machine: Machine,
  { workflow, path, secrets, event, runId, runAttempt }: RunRequest,
  job: Job,
  results: Results,
  inputs: Readonly<Record<string, Json>>,
): Contexts {
  const needed = job.needs.map((id) => [id, results.get(id)] as const);
  const [owner = ""] = machine.repository.split("/");
  const isTag = event.ref.startsWith("refs/tags/");
  const github: Json = {
    actor: "ada",
    api_url: machine.apiUrl,
    event: {
      inputs: event.name === "workflow_dispatch" ? event.inputs : {},
      ref: event.ref,
      repository: { default_branch: "main" },
    },
    event_name: event.name,
    job: job.id,
    ref: event.ref,
    ref_name: event.ref.replace(/^refs\/(heads|tags)\//, ""),
    ref_type: isTag ? "tag" : "branch",
    repository: machine.repository,
    repository_owner: owner,
    run_attempt: String(runAttempt),
    run_id: String(runId),
    run_number: String(runId),
    server_url: "https://github.com",
    sha: event.sha,
    token: "the-token-of-this-run",
    workflow: workflow.name,
    workflow_ref: `${machine.repository}/${path}@${event.ref}`,
    workspace: join(machine.folder, "workspace"),
  };
  const known = { github, inputs, vars: machine.vars, secrets };
  const values: Record<string, Json> = {
    ...known,
    needs: Object.fromEntries(needed.map(([id, result]) => [id, result ?? null])) as Json,
    matrix: null,
    strategy: null,
  };
  return {
    values: { ...values, env: fillTexts(workflow.source.env, { values, status: "success" }) },
    status: needed.every(([, result]) => result?.result === "success") ? "success" : "failure",
  };
}

function asRecord(value: Json): Readonly<Record<string, Json>> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, Json>>)
    : {};
}

function inOrder(jobs: readonly Job[]): Job[] {
  const ordered: Job[] = [];
  const add = (job: Job): void => {
    if (ordered.includes(job)) return;
    for (const need of job.needs) {
      const needed = jobs.find(({ id }) => id === need);
      if (needed !== undefined) add(needed);
    }
    ordered.push(job);
  };
  for (const job of jobs) add(job);
  return ordered;
}

function concludeAll(runs: readonly { readonly conclusion: Conclusion }[]): Conclusion {
  const said = new Set(runs.map(({ conclusion }) => conclusion));
  if (said.has("failure")) return "failure";
  if (said.has("cancelled")) return "cancelled";
  return said.has("success") ? "success" : "skipped";
}
