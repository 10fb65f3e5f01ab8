/** What git says about a folder. Runs git as a child process and writes nothing. */
import { execFile } from "node:child_process";
import { posix } from "node:path";
import type { Env } from "./ci.js";

/** What git says, or why it says nothing. */
export type GitState =
  | {
      readonly kind: "repository";
      /** Full SHA, 40 or 64 hex digits. */
      readonly commit: string;
      /** ms since epoch. */
      readonly commitTime: number;
      /** Null when HEAD is detached. */
      readonly branch: string | null;
      /** The tags at HEAD, the highest version first. */
      readonly tags: readonly string[];
      /** Changed and untracked paths without the declared outputs. */
      readonly dirtyPaths: readonly string[];
    }
  /** Nothing to ask; `warning` is a sentence for people. */
  | { readonly kind: "none"; readonly warning: string };

/**
 * Reads commit, branch, tags and the state of the working tree.
 *
 * @param options.outputs Paths below `cwd` that the build itself writes. They do not make it dirty.
 */
export async function readGit(
  cwd: string,
  env: Env,
  options: { readonly outputs: readonly string[] },
): Promise<GitState> {
  const git = (...args: string[]) => runGit(cwd, env, args);
  const head = await git("rev-parse", "--verify", "HEAD^{commit}");
  if (!head.ok)
    return { kind: "none", warning: explain(head, cwd, await git("rev-parse", "--git-dir")) };

  const prefix = (await git("rev-parse", "--show-prefix")).stdout.trim();
  const [time, branch, tags, status] = await Promise.all([
    git("show", "--no-patch", "--format=%ct", "--no-show-signature", "HEAD"),
    git("symbolic-ref", "--short", "--quiet", "HEAD"),
    git("tag", "--points-at", "HEAD", "--sort=-version:refname"),
    // Neither diff-index (a mere touch is "dirty") nor describe --dirty (blind to new files).
    git(
      "status",
      "--porcelain=v1",
      "-z",
      "--untracked-files=normal",
      "--no-renames",
      "--",
      ":/",
      ...excluded(prefix, options.outputs),
    ),
  ]);
  if (!status.ok) throw new Error(`Cannot read the state of the working tree: ${status.message}`);
  return {
    kind: "repository",
    commit: head.stdout.trim(),
    commitTime: Number(time.stdout.trim()) * 1000,
    branch: branch.ok ? branch.stdout.trim() : null,
    tags: tags.stdout.split("\n").filter((tag) => tag !== ""),
    // Each entry is two letters, a space and the path.
    dirtyPaths: status.stdout
      .split("\0")
      .filter((entry) => entry !== "")
      .map((entry) => entry.slice(3)),
  };
}

/** Pathspecs for what the build writes; git refuses those that lead out of the repository. */
function excluded(prefix: string, outputs: readonly string[]): string[] {
  return outputs
    .map((path) => posix.join(prefix, path.replaceAll("\\", "/")).replace(/\/$/, ""))
    .filter((path) => path !== "" && path !== "." && !path.startsWith(".."))
    .map((path) => `:(top,exclude,literal)${path}`);
}

interface GitAnswer {
  readonly ok: boolean;
  readonly isMissing: boolean;
  readonly stdout: string;
  readonly message: string;
}

function runGit(cwd: string, env: Env, args: readonly string[]): Promise<GitAnswer> {
  return new Promise((resolve) => {
    execFile(
      "git",
      args,
      {
        cwd,
        // Locks would disturb an editor's git; the messages below are compared in English.
        env: { ...env, PATH: env.PATH ?? process.env.PATH, GIT_OPTIONAL_LOCKS: "0", LC_ALL: "C" },
        maxBuffer: 64 * 1024 * 1024,
        windowsHide: true,
      },
      (error, stdout, stderr) => {
        resolve({
          ok: error === null,
          isMissing: error !== null && error.code === "ENOENT",
          stdout,
          message: stderr.trim() || (error?.message ?? ""),
        });
      },
    );
  });
}

function explain(head: GitAnswer, cwd: string, gitDir: GitAnswer): string {
  if (head.isMissing) {
    return `The build names no commit: the command git was not found, or the folder "${cwd}" does not exist`;
  }
  if (/dubious ownership/.test(head.message)) {
    return `The build names no commit: git refuses "${cwd}" because another user owns it (git config --global --add safe.directory "${cwd}" allows it)`;
  }
  if (gitDir.ok) return `The build names no commit: the repository of "${cwd}" has no commit yet`;
  return `The build names no commit: "${cwd}" is not in a git repository`;
}
