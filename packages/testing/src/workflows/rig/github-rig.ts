/** A repository at a GitHub of this machine: what is pushed to it starts runs, as it does there. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GitRig } from "../../git-rig.js";
import { type Served, serve } from "../../serve.js";
import { loadParser } from "../official-parser/load-parser.js";
import type { ParseWorkflow } from "../official-parser/parse-workflow.js";
import type { Workflow } from "../official-parser/workflow.js";
import { ACTIONS } from "../runner/actions.js";
import { type RepositoryEvent, whyNotStarted } from "../runner/event.js";
import type { Machine, WorkflowRun } from "../runner/machine.js";
import { runWorkflow } from "../runner/run-workflow.js";
import { readWorkflowFile } from "../workflow-files.js";
import type { IdentityIssuer } from "./identity-issuer.js";

/** One run of a workflow, with its attempts. */
export interface Run {
  readonly id: number;
  readonly path: string;
  readonly event: RepositoryEvent;
  readonly attempts: WorkflowRun[];
}

/** A push, or a start by hand, for which a workflow of the repository was not run. */
export interface NotRun {
  readonly path: string;
  readonly event: RepositoryEvent;
  readonly reason: string;
}

/** How the repository is set up. */
export interface GitHubSettings {
  /** `owner/name`. */
  readonly repository: string;
  readonly issuer: IdentityIssuer;
  readonly vars: Readonly<Record<string, string>>;
  readonly secrets?: Readonly<Record<string, string>>;
  /** What the machine has that runs the jobs. */
  readonly env: Readonly<Record<string, string>>;
}

/** The repository. Runs go one after the other, as in a concurrency group. */
export class GitHubRig {
  readonly bare: GitRig;
  readonly runs: Run[] = [];
  readonly notRun: NotRun[] = [];
  readonly #folder: string;
  readonly #parse: ParseWorkflow;
  readonly #machine: Machine;
  readonly #api: Served;
  readonly #dispatched: { path: string; event: RepositoryEvent }[];
  #pushesSeen = 0;

  private constructor(
    bare: GitRig,
    folder: string,
    parse: ParseWorkflow,
    api: Served,
    dispatched: { path: string; event: RepositoryEvent }[],
    settings: GitHubSettings,
  ) {
    this.bare = bare;
    this.#folder = folder;
    this.#parse = parse;
    this.#api = api;
    this.#dispatched = dispatched;
    this.#machine = {
      repository: settings.repository,
      bare: bare.folder,
      folder,
      vars: settings.vars,
      secrets: { GITHUB_TOKEN: "the-token-of-this-run", ...settings.secrets },
      env: settings.env,
      apiUrl: api.url,
      actions: ACTIONS,
      grantIdentity: settings.issuer.grant,
      readCalled: (uses, sha) => this.#readCalled(uses, sha),
    };
  }

  /** An empty repository. */
  static async create(settings: GitHubSettings): Promise<GitHubRig> {
    const [bare, folder, parse] = await Promise.all([
      GitRig.create({ bare: true }),
      mkdtemp(join(tmpdir(), "tideline-runs-")),
      loadParser(),
    ]);
    // GitHub gives any commit to who names it in full.
    await bare.git("config", "uploadpack.allowAnySHA1InWant", "true");
    const log = join(bare.folder, "pushes");
    await writeFile(log, "");
    await writeFile(join(bare.folder, "hooks/post-receive"), `#!/bin/sh\ncat >> "${log}"\n`, {
      mode: 0o755,
    });
    const dispatched: { path: string; event: RepositoryEvent }[] = [];
    const api = await serveApi(settings.repository, bare, dispatched);
    return new GitHubRig(bare, folder, parse, api, dispatched, settings);
  }

  /** Runs what the pushes since the last time start, until nothing is left to run. */
  async settle(): Promise<void> {
    await this.#start(await this.#readPushes(true));
    for (let next = this.#dispatched.shift(); next !== undefined; next = this.#dispatched.shift()) {
      await this.#consider(next.path, next.event);
    }
  }

  /** Starts a workflow by hand. */
  async dispatch(path: string, ref: string, inputs: Record<string, string> = {}): Promise<void> {
    const sha = await this.bare.git("rev-parse", `${ref}^{commit}`);
    this.#dispatched.push({ path, event: { name: "workflow_dispatch", ref, sha, inputs } });
    await this.settle();
  }

  /** Runs all jobs of a run again. */
  async runAgain({ path, event, id, attempts }: Run): Promise<WorkflowRun> {
    const workflow = await this.#readWorkflow(event.sha, path);
    const attempt = await this.#run(workflow, path, event, id, attempts.length + 1);
    attempts.push(attempt);
    await this.#start(await this.#readPushes(false));
    return attempt;
  }

  /** Ends it and removes its files. */
  async dispose(): Promise<void> {
    await this.#api.close();
    await this.bare.dispose();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #start(events: readonly RepositoryEvent[]): Promise<void> {
    for (const event of events) {
      const listed = await this.bare.git("ls-tree", "--name-only", event.sha, ".github/workflows/");
      for (const path of listed.split("\n").filter((name) => name.endsWith(".yml"))) {
        await this.#consider(path, event);
      }
    }
  }

  async #consider(path: string, event: RepositoryEvent): Promise<void> {
    const workflow = await this.#readWorkflow(event.sha, path);
    const reason = whyNotStarted(workflow, event);
    if (reason !== null) {
      this.notRun.push({ path, event, reason });
      return;
    }
    const id = 1000 + this.runs.length;
    const run: Run = { id, path, event, attempts: [] };
    this.runs.push(run);
    run.attempts.push(await this.#run(workflow, path, event, id, 1));
    // What was pushed meanwhile was pushed by the run, with its token.
    await this.#start(await this.#readPushes(false));
  }

  async #run(
    workflow: Workflow,
    path: string,
    event: RepositoryEvent,
    runId: number,
    runAttempt: number,
  ): Promise<WorkflowRun> {
    const { secrets } = this.#machine;
    return await runWorkflow(this.#machine, {
      workflow,
      path,
      jobPath: path,
      secrets,
      event,
      runId,
      runAttempt,
    });
  }

  async #readPushes(isByPerson: boolean): Promise<RepositoryEvent[]> {
    const lines = (await readFile(join(this.bare.folder, "pushes"), "utf8")).split("\n");
    const fresh = lines.slice(this.#pushesSeen).filter((line) => line !== "");
    this.#pushesSeen += fresh.length;
    const events: RepositoryEvent[] = [];
    for (const line of fresh) {
      const [old = "", sha = "", ref = ""] = line.split(" ");
      const message = await this.bare.git("log", "-1", "--format=%B", sha);
      const isNew = /^0+$/.test(old);
      const names = isNew
        ? await this.bare.git("ls-tree", "-r", "--name-only", sha)
        : await this.bare.git("diff", "--name-only", old, sha);
      const changed = names.split("\n");
      events.push({ name: "push", ref, sha, message, changed, isByPerson });
    }
    return events;
  }

  async #readWorkflow(commit: string, path: string): Promise<Workflow> {
    return await this.#parsed(path, await this.bare.git("show", `${commit}:${path}`));
  }

  /** A workflow of the same commit, or one of another repository: ours, as it is in this folder. */
  async #readCalled(uses: string, sha: string): Promise<{ path: string; workflow: Workflow }> {
    if (uses.startsWith("./")) {
      const path = uses.slice(2);
      return { path, workflow: await this.#readWorkflow(sha, path) };
    }
    const [, path = ""] =
      /^[^/]+\/[^/]+\/(\.github\/workflows\/[^@]+)@[0-9a-f]{40}$/.exec(uses) ?? [];
    const { text } = await readWorkflowFile(path);
    return { path, workflow: await this.#parsed(path, text) };
  }

  async #parsed(path: string, text: string): Promise<Workflow> {
    const parsed = await this.#parse(path, text);
    if (parsed.ok) return parsed.workflow;
    throw new Error(parsed.errors.join("\n"));
  }
}

/** The one route of GitHub's interface that the workflows call. */
async function serveApi(
  repository: string,
  bare: GitRig,
  dispatched: { path: string; event: RepositoryEvent }[],
): Promise<Served> {
  const route = new RegExp(`^/repos/${repository}/actions/workflows/([^/]+)/dispatches$`);
  return await serve((request, response) => {
    const [, file] = route.exec(request.url ?? "") ?? [];
    const isAllowed = request.headers.authorization === "Bearer the-token-of-this-run";
    if (file === undefined || request.method !== "POST" || !isAllowed) {
      response.writeHead(file === undefined ? 404 : 401).end();
      return;
    }
    const start = async (): Promise<void> => {
      const { ref, inputs = {} } = JSON.parse(await readBody(request)) as {
        readonly ref: string;
        readonly inputs?: Readonly<Record<string, string>>;
      };
      const sha = await bare.git("rev-parse", "--verify", `${ref}^{commit}`);
      const event = { name: "workflow_dispatch", ref, sha, inputs } as const;
      dispatched.push({ path: `.github/workflows/${file}`, event });
    };
    start().then(
      () => response.writeHead(204).end(),
      (error: unknown) => response.writeHead(422).end(JSON.stringify({ message: String(error) })),
    );
  });
}

async function readBody(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) text += String(chunk);
  return text;
}
