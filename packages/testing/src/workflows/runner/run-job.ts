import { mkdir, mkdtemp } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { asMap, type Job, type Step } from "../official-parser/workflow.js";
import { makeCommandFiles, readCommandFiles } from "./command-files.js";
import { asText, type Contexts, fill, fillTexts, isTrue, type Json } from "./evaluate.js";
import type { Conclusion, JobRun, Machine, RunRequest, StepRun } from "./machine.js";
import { runScript } from "./run-script.js";

/** What a job's steps have in common and change for each other. */
interface JobState {
  readonly workspace: string;
  readonly temporary: string;
  /** Variables that the runner, the job and GITHUB_ENV set. */
  env: Record<string, string>;
  path: string[];
  steps: Record<string, Json>;
  conclusion: "success" | "failure";
  summary: string;
}

/** Runs the steps of one job in a folder of their own. */
export async function runJob(
  machine: Machine,
  request: RunRequest,
  job: Job,
  contexts: Contexts,
): Promise<JobRun> {
  await mkdir(join(machine.folder, "jobs"), { recursive: true });
  const folder = await mkdtemp(join(machine.folder, `jobs/${request.runId}-${job.id}-`));
  const state: JobState = {
    workspace: join(folder, "workspace"),
    temporary: join(folder, "temp"),
    env: {},
    path: [],
    steps: {},
    conclusion: "success",
    summary: "",
  };
  await mkdir(state.workspace, { recursive: true });
  await mkdir(state.temporary, { recursive: true });
  state.env = {
    ...asTexts(contexts.values.env),
    ...fillTexts(job.source.env, contexts),
  };
  const granted = machineVariables(machine, request, job, contexts, state);
  const runs: StepRun[] = [];
  for (const [index, step] of job.steps.entries()) {
    runs.push(await runStep(machine, request, job, step, index, contexts, state, granted));
  }
  return {
    id: job.id,
    conclusion: state.conclusion,
    steps: runs,
    outputs: fillTexts(job.source.outputs, withState(contexts, state)),
    summary: state.summary,
  };
}

async function runStep(
  machine: Machine,
  request: RunRequest,
  job: Job,
  step: Step,
  index: number,
  contexts: Contexts,
  state: JobState,
  granted: Readonly<Record<string, string>>,
): Promise<StepRun> {
  const { source } = step;
  const before = withState(contexts, state);
  const id = typeof source.id === "string" ? source.id : `step-${index}`;
  const name = asText(fill(source.name ?? source.uses ?? source.run ?? id, before));
  if (!isTrue(step.condition, before)) {
    state.steps[id] = { outcome: "skipped", conclusion: "skipped", outputs: {} };
    return { name, conclusion: "skipped", exitCode: null, log: "" };
  }
  const own = fillTexts(source.env, before);
  const inner = { ...before, values: { ...before.values, env: { ...state.env, ...own } } };
  const files = join(state.temporary, id);
  const env: Record<string, string> = {
    ...granted,
    ...state.env,
    ...own,
    ...(await makeCommandFiles(files)),
    PATH: [...state.path, machine.env.PATH ?? ""].join(delimiter),
  };
  const { code, log, outputs } =
    source.run === undefined
      ? await act(machine, request, job, String(source.uses), fillTexts(source.with, inner), state)
      : {
          ...(await runScript(asText(fill(source.run, inner)), {
            shell: shellOf(request, job, step),
            cwd: join(state.workspace, asText(fill(source["working-directory"], inner))),
            env,
            file: join(files, "script.sh"),
          })),
          outputs: {},
        };
  const said = await readCommandFiles(files);
  state.env = { ...state.env, ...said.env };
  state.path = [...said.path, ...state.path];
  state.summary += said.summary;
  const outcome: Conclusion = code === 0 ? "success" : "failure";
  const conclusion = fill(source["continue-on-error"], inner) === true ? "success" : outcome;
  state.steps[id] = { outcome, conclusion, outputs: { ...outputs, ...said.outputs } };
  if (conclusion === "failure") state.conclusion = "failure";
  return { name, conclusion, exitCode: source.run === undefined ? null : code, log };
}

async function act(
  machine: Machine,
  request: RunRequest,
  job: Job,
  uses: string,
  inputs: Readonly<Record<string, string>>,
  { workspace }: JobState,
): Promise<{ code: number; log: string; outputs: Readonly<Record<string, string>> }> {
  const [name = ""] = uses.split("@");
  const action = machine.actions[name];
  if (action === undefined) throw new Error(`Cannot run "${uses}": there is no stand-in for it`);
  const mayPush = asMap(job.source.permissions).contents === "write";
  const { runId, event } = request;
  const place = { bare: machine.bare, folder: machine.folder, workspace, runId, event, mayPush };
  try {
    return { code: 0, log: "", outputs: await action(inputs, place) };
  } catch (error) {
    return { code: 1, log: String(error), outputs: {} };
  }
}

/** What every step finds in its environment. */
function machineVariables(
  machine: Machine,
  { path, jobPath, event, runId, runAttempt }: RunRequest,
  job: Job,
  contexts: Contexts,
  { workspace, temporary }: JobState,
): Record<string, string> {
  const github = asTexts(contexts.values.github);
  const named = ["actor", "api_url", "event_name", "job", "ref", "ref_name", "ref_type"]
    .concat(["repository", "repository_owner", "run_attempt", "run_id", "run_number"])
    .concat(["server_url", "sha", "workflow", "workflow_ref"])
    .map((name) => [`GITHUB_${name.toUpperCase()}`, github[name] ?? ""] as const);
  const isTrusted = asMap(job.source.permissions)["id-token"] === "write";
  const { environment } = job.source;
  const place = fill(
    typeof environment === "string" ? environment : asMap(environment).name,
    contexts,
  );
  return {
    ...machine.env,
    ...Object.fromEntries(named),
    ...(isTrusted &&
      machine.grantIdentity({
        environment: asText(place) || null,
        workflowPath: path,
        jobPath,
        event,
        runId,
        runAttempt,
      })),
    CI: "true",
    GITHUB_ACTIONS: "true",
    GITHUB_WORKSPACE: workspace,
    RUNNER_OS: "Linux",
    RUNNER_TEMP: temporary,
  };
}

/** GitHub fails a pipe whose first command fails only where the file names the shell. */
function shellOf({ workflow }: RunRequest, job: Job, { source }: Step): "bash" | null {
  const named = [
    source,
    asMap(asMap(job.source.defaults).run),
    asMap(asMap(workflow.source.defaults).run),
  ]
    .map(({ shell }) => shell)
    .find((shell) => shell !== undefined);
  if (named === undefined || named === "bash") return named ?? null;
  throw new Error(`Cannot run a script: expected bash, got "${String(named)}"`);
}

function withState(contexts: Contexts, state: JobState): Contexts {
  const { workspace, temporary, env, steps, conclusion } = state;
  const github = { ...(contexts.values.github as Record<string, Json>), workspace };
  const runner = { os: "Linux", arch: "X64", temp: temporary };
  return {
    values: { ...contexts.values, github, env, steps, runner, job: { status: conclusion } },
    status: conclusion,
  };
}

function asTexts(value: Json | undefined): Record<string, string> {
  return Object.fromEntries(
    Object.entries((value ?? {}) as Record<string, Json>).map(([key, text]) => [key, asText(text)]),
  );
}
