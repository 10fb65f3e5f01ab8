/** What stands in for the actions of GitHub that the workflows use. */
import { execFile } from "node:child_process";
import { cp, mkdir, rm, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import type { RepositoryEvent } from "./event.js";

const run = promisify(execFile);

/** Where a step of a job is. */
export interface ActionPlace {
  readonly bare: string;
  /** Of all runs. */
  readonly folder: string;
  readonly workspace: string;
  readonly runId: number;
  readonly event: RepositoryEvent;
  /** True in a job with `contents: write`. */
  readonly mayPush: boolean;
}

/** Does what an action does, given its inputs; gives its outputs. */
export type ActionStandIn = (
  inputs: Readonly<Record<string, string>>,
  place: ActionPlace,
) => Promise<Readonly<Record<string, string>>>;

/** By `owner/name`. */
export const ACTIONS: Readonly<Record<string, ActionStandIn>> = {
  "actions/checkout": checkout,
  "actions/setup-node": () => Promise.resolve({}),
  "actions/upload-artifact": upload,
  "actions/download-artifact": download,
};

/** A clone at depth 1; only a job that may push and keeps the credentials can push from it. */
async function checkout(
  inputs: Readonly<Record<string, string>>,
  { bare, workspace, event, mayPush }: ActionPlace,
): Promise<Readonly<Record<string, string>>> {
  const git = async (...args: string[]): Promise<void> => {
    await run("git", args, {
      cwd: workspace,
      env: { ...process.env, GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_SYSTEM: "/dev/null" },
    });
  };
  const depth = inputs["fetch-depth"] ?? "1";
  await git("init", "--quiet", "--initial-branch=main");
  await git("remote", "add", "origin", `file://${bare}`);
  const commit = inputs.ref || event.sha;
  const isBranch = event.ref.startsWith("refs/heads/") && !inputs.ref;
  const branch = event.ref.replace("refs/heads/", "");
  await git("fetch", "--quiet", "--no-tags", `--depth=${depth}`, "origin", commit);
  if (isBranch) {
    await git("update-ref", `refs/remotes/origin/${branch}`, "FETCH_HEAD");
    await git("checkout", "--quiet", "--force", "-B", branch, `refs/remotes/origin/${branch}`);
  } else {
    await git("checkout", "--quiet", "--force", "FETCH_HEAD");
  }
  const keeps = (inputs["persist-credentials"] ?? "true") === "true";
  if (!(keeps && mayPush)) {
    await git("remote", "set-url", "--push", "origin", "file:///no-credentials-to-push-with");
  }
  return {};
}

async function upload(
  inputs: Readonly<Record<string, string>>,
  place: ActionPlace,
): Promise<Readonly<Record<string, string>>> {
  const { name = "artifact", path = "", overwrite = "false" } = inputs;
  const source = resolve(place.workspace, path);
  const target = artifact(place, name);
  const isFolder = await stat(source).then(
    (found) => found.isDirectory(),
    () => null,
  );
  if (isFolder === null) {
    if (inputs["if-no-files-found"] === "error") throw new Error(`No files were found at ${path}`);
    return {};
  }
  const exists = await stat(target).catch(() => null);
  if (exists !== null && overwrite !== "true") throw new Error(`Artifact ${name} exists already`);
  await rm(target, { recursive: true, force: true });
  await mkdir(target, { recursive: true });
  await cp(source, isFolder ? target : join(target, source.slice(dirname(source).length + 1)), {
    recursive: true,
  });
  return {};
}

async function download(
  { name = "", path = "." }: Readonly<Record<string, string>>,
  place: ActionPlace,
): Promise<Readonly<Record<string, string>>> {
  const source = artifact(place, name);
  if ((await stat(source).catch(() => null)) === null)
    throw new Error(`Artifact ${name} not found`);
  await cp(source, resolve(place.workspace, path), { recursive: true });
  return {};
}

function artifact({ folder, runId }: ActionPlace, name: string): string {
  return join(folder, `run-${runId}`, "artifacts", name);
}
