/** What a test reads of the whole street after a run. */
import { FUNCTION_NAMES } from "@tideline/version";
import { ConvexHttpClient } from "convex/browser";
import { type FunctionReference, makeFunctionReference } from "convex/server";
import type { JobRun, WorkflowRun } from "../runner/machine.js";
import type { GitHubRig, Run } from "./github-rig.js";
import type { Street } from "./street.js";

/** A row of the history, as far as the tests read it. */
export interface HistoryRow {
  readonly version: string;
  readonly gitCommit: string;
  readonly gitTag?: string;
  readonly buildId: string;
  readonly inputsId?: string;
  readonly imageDigest?: string;
  readonly kind: string;
  readonly status: string;
  readonly recordedBy: string;
  readonly runUrl?: string;
}

/** Gives a target's history, newest first. */
export async function historyOf(
  { server }: Street,
  appName: string,
  environment: string,
): Promise<readonly HistoryRow[]> {
  const client = new ConvexHttpClient(server.url);
  const { page } = await client.query(listDeployments, { appName, environment });
  return page;
}

const listDeployments: FunctionReference<
  "query",
  "public",
  { appName: string; environment: string },
  { readonly page: readonly HistoryRow[] }
> = makeFunctionReference(FUNCTION_NAMES.listDeployments);

/** Gives the page that the public address serves, without its stamp. */
export async function servedText({ host }: Street, path: string): Promise<string> {
  const html = await (await fetch(`${host.url}/${path}`)).text();
  return /<p>.*<\/p>/.exec(html)?.[0] ?? html;
}

/** Gives the newest run of a workflow. */
export function newestRun({ runs }: GitHubRig, name: string): Run {
  const found = runs.findLast(({ path }) => path === `.github/workflows/${name}.yml`);
  if (found === undefined) throw new Error(`Cannot find a run of ${name}`);
  return found;
}

/** Gives how each job of an attempt ended, the legs of a matrix under one name. */
export function conclusions(attempt: WorkflowRun | undefined): Record<string, string> {
  const said = new Map<string, string[]>();
  for (const { id, conclusion } of attempt?.jobs ?? []) {
    said.set(id, [...(said.get(id) ?? []), conclusion]);
  }
  return Object.fromEntries([...said].map(([id, legs]) => [id, legs.join(", ")]));
}

/** Gives everything that the steps of an attempt printed, for the message of a failed test. */
export function logOf(attempt: WorkflowRun | undefined): string {
  const lines = (job: JobRun): string[] =>
    job.steps.map(({ name, exitCode, log }) => `${job.id}: ${name}: ${exitCode}\n${log}`);
  return (attempt?.jobs ?? []).flatMap(lines).join("\n");
}
