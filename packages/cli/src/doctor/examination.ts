import { lstat, readFile } from "node:fs/promises";
import { join } from "node:path";
import { listFiles } from "@tideline/stamp";
import type { TidelineConfig } from "../config/config.js";
import { loadConfig } from "../config/load-config.js";
import { type Git, openGit } from "../git/git.js";
import { type PublicAddress, publicAddress } from "../record/public-address.js";
import type { Env } from "../terminal.js";
import { type VersionSettings, versionSettings } from "../versions/version-settings.js";
import { type Manifest, readManifests } from "./read-manifests.js";
import { readWorkflow } from "./read-workflow.js";
import { type ShellLine, shellLines } from "./shell-lines.js";
import type { BrokenWorkflow, Workflow } from "./workflow.js";

/** What the checks look at: one repository, read once. Nothing in it is changed. */
export interface Examination {
  readonly cwd: string;
  /** The folder that all paths start from: the repository's top, or `cwd` outside of git. */
  readonly root: string;
  readonly env: Env;
  readonly git: Git;
  readonly config: TidelineConfig | null;
  /** What is wrong with the configuration; empty if nothing is. */
  readonly configProblems: readonly string[];
  /** Null if the configuration is broken. */
  readonly versions: VersionSettings | null;
  /** The files that git has or would add. */
  readonly files: readonly string[];
  readonly workflows: readonly Workflow[];
  readonly brokenWorkflows: readonly BrokenWorkflow[];
  readonly manifests: readonly Manifest[];
  /** What shells run: scripts, Dockerfiles, package.json, workflows. */
  readonly shellLines: readonly ShellLine[];
  /** A file's text; null if there is none, or it is no text of ordinary size. */
  readonly read: (path: string) => Promise<string | null>;
  readonly reach: Reach;
}

/** Whom the checks may ask. */
export interface Reach {
  /** Published pages; empty if none are named. */
  readonly pages: readonly PublicAddress[];
  /** How long each may take to answer. */
  readonly timeoutMs: number;
  readonly mayAskLedger: boolean;
  /** Why nobody is asked, for those checks that would. */
  readonly why: string;
  readonly fetch: typeof fetch;
  readonly signal: AbortSignal;
}

/** What to look at. */
export interface ExaminationOptions {
  readonly cwd: string;
  readonly env: Env;
  readonly signal: AbortSignal;
  readonly urls: readonly string[];
  readonly timeoutMs: number;
  readonly isNetwork: boolean;
  readonly isOffline: boolean;
  readonly fetch: typeof fetch;
}

// A larger file is nobody's script.
const MAX_BYTES = 512 * 1024;
const SKIPPED = /(^|\/)(node_modules|dist|vendor|\.git)\//;

/** Reads what the checks look at. */
export async function examine(options: ExaminationOptions): Promise<Examination> {
  const { cwd, env, signal } = options;
  const git = openGit({ cwd, env, signal });
  const top = await git(["rev-parse", "--show-toplevel"]);
  const root = top.ok ? top.stdout.trim() : cwd;
  const { config, configProblems } = await readConfig(cwd);
  const versions =
    configProblems.length > 0 ? null : await versionSettings(git, cwd, undefined).catch(() => null);
  const files = await filesOf(git, root, top.ok);
  const read = (path: string) => readText(join(root, path));
  const workflows: Workflow[] = [];
  const brokenWorkflows: BrokenWorkflow[] = [];
  const manifests: Manifest[] = [];
  for (const path of files.filter((file) => /\.ya?ml$/.test(file))) {
    const text = await read(path);
    if (text === null) continue;
    if (/^\.github\/workflows\/[^/]+$|(^|\/)action\.ya?ml$/.test(path)) {
      const workflow = readWorkflow(path, text);
      if ("problem" in workflow) brokenWorkflows.push(workflow);
      else workflows.push(workflow);
    } else {
      manifests.push(...readManifests(path, text));
    }
  }
  return {
    ...{ cwd, root, env, git, config, configProblems, versions, files },
    ...{ workflows, brokenWorkflows, manifests, read },
    shellLines: await shellLines(files, workflows, read),
    reach: reachOf(config, options),
  };
}

async function readConfig(cwd: string): Promise<Pick<Examination, "config" | "configProblems">> {
  try {
    return { config: await loadConfig(cwd), configProblems: [] };
  } catch (error) {
    return { config: null, configProblems: (error as Error).message.split("\n") };
  }
}

async function filesOf(git: Git, root: string, isRepository: boolean): Promise<readonly string[]> {
  const listed = isRepository
    ? (
        await git(["-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"])
      ).stdout.split("\0")
    : await listFiles(root).catch(() => []);
  return [...new Set(listed)].filter((path) => path !== "" && !SKIPPED.test(path)).sort();
}

async function readText(path: string): Promise<string | null> {
  try {
    const { size } = await lstat(path);
    if (size > MAX_BYTES) return null;
    const text = await readFile(path, "utf8");
    return text.includes("\0") ? null : text;
  } catch {
    // Deleted, a folder, a link to nowhere: nothing to look at.
    return null;
  }
}

function reachOf(
  config: TidelineConfig | null,
  { urls, isNetwork, isOffline, fetch, signal, timeoutMs }: ExaminationOptions,
): Reach {
  const probes = [...(config?.environments.values() ?? [])].flatMap(({ probes }) => [
    ...probes.values(),
  ]);
  const named =
    urls.length > 0
      ? urls.map((url) => publicAddress("--url", url))
      : [...new Set(probes)].map((probe) => publicAddress("the probe", probe));
  return {
    pages: isOffline ? [] : named,
    timeoutMs,
    mayAskLedger: isNetwork && !isOffline,
    why: isOffline
      ? "--offline asks nobody"
      : "no page is named: use --url, or probes in tideline.config.json",
    fetch,
    signal,
  };
}
