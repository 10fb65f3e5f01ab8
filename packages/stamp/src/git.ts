/** What git says about a folder. Runs git as a child process and writes nothing. */
import { existsSync } from "node:fs";
import { posix } from "node:path";
import type { Env } from "./ci.js";
import { type GitAnswer, runGit } from "./run-git.js";
import { untrustedOwner } from "./untrusted-owner.js";

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
      /** The tags at HEAD: those that name a version first, the highest one at the front. */
      readonly tags: readonly string[];
      /**
       * Changed and untracked paths without the declared outputs; the folder itself where the
       * repository holds none of its files, be they ignored or another's.
       */
      readonly dirtyPaths: readonly string[];
      /** False where no file of the folder is in the commit. */
      readonly holdsFolder: boolean;
      /** True if the clone ends before the first commit, so that nothing can be counted in it. */
      readonly isShallow: boolean;
    }
  | {
      readonly kind: "none";
      readonly reason: NoGitReason;
      /** What is missing, for people: the beginning of a sentence. */
      readonly warning: string;
      /** The command that mends it; null where none does. */
      readonly remedy: string | null;
    };

/** Why git names no commit of a folder. */
export type NoGitReason =
  | "no-git"
  | "no-folder"
  | "no-repository"
  | "no-commit"
  | "other-owner"
  | "unreadable";

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
  const [head, place, time, tags] = await Promise.all([
    git("rev-parse", "--verify", "HEAD^{commit}"),
    git(
      ...["rev-parse", "--show-prefix", "--is-shallow-repository", "--is-inside-work-tree"],
      ...["--symbolic-full-name", "HEAD"],
    ),
    git("show", "--no-patch", "--no-show-signature", "--format=%ct", "HEAD"),
    git(
      // Without the suffix 1.0.0-rc.1 would count as higher than 1.0.0.
      ...["-c", "versionsort.suffix=-", "for-each-ref", "--points-at=HEAD"],
      ...["--sort=-version:refname", "--format=%(refname:strip=2)", "refs/tags/"],
    ),
  ]);
  if (!head.ok) return await explain(head, cwd, env);

  // A prefix may hold line breaks, the other three cannot.
  const lines = place.stdout.replace(/\n$/, "").split("\n");
  const [shallow, inside, branch] = lines.splice(-3);
  const prefix = lines.join("\n");
  const [held, status] = await Promise.all([
    prefix === "" ? null : git("rev-parse", "--verify", "--quiet", `HEAD:${prefix}`),
    // In a repository without a working tree nothing can be changed.
    inside === "true" ? git(...statusArgs(prefix, options.outputs)) : null,
  ]);
  if (status?.ok === false) return unreadable(cwd, status);
  const holdsFolder = held?.ok !== false;
  const changed = pathsOf(status?.stdout ?? "");
  return {
    kind: "repository",
    commit: head.stdout.trim(),
    commitTime: Number(time.stdout.trim()) * 1000,
    branch: branch?.startsWith("refs/heads/") ? branch.slice(11) : null,
    tags: versionsFirst(tags.stdout.split("\n").filter((tag) => tag !== "")),
    dirtyPaths:
      holdsFolder || changed.some((path) => prefix.startsWith(path))
        ? changed
        : [prefix, ...changed],
    holdsFolder,
    isShallow: shallow === "true",
  };
}

/** Neither diff-index (a mere touch is "dirty") nor describe --dirty (blind to new files). */
function statusArgs(prefix: string, outputs: readonly string[]): string[] {
  return [
    ...["status", "--porcelain=v1", "-z", "--untracked-files=normal", "--no-renames", "--"],
    ":/",
    ...excluded(prefix, outputs),
  ];
}

/** Pathspecs for what the build writes; git refuses those that lead out of the repository. */
function excluded(prefix: string, outputs: readonly string[]): string[] {
  return outputs
    .map((path) => posix.join(prefix, path.replaceAll("\\", "/")).replace(/\/$/, ""))
    .filter((path) => path !== "" && path !== "." && !path.startsWith(".."))
    .map((path) => `:(top,exclude,literal)${path}`);
}

/** Each entry is two letters, a space and the path. */
function pathsOf(status: string): string[] {
  return status
    .split("\0")
    .filter((entry) => entry !== "")
    .map((entry) => entry.slice(3));
}

/** "v1.2.3" and "release/v1.2.3" go before "nightly", in the order they have. */
function versionsFirst(tags: readonly string[]): string[] {
  const isVersion = (tag: string) => /(^|\/)v?\d+\.\d/.test(tag);
  return [...tags.filter(isVersion), ...tags.filter((tag) => !isVersion(tag))];
}

async function explain(head: GitAnswer, cwd: string, env: Env): Promise<GitState> {
  const none = (reason: NoGitReason, warning: string, remedy: string | null = null): GitState => ({
    kind: "none",
    reason,
    warning,
    remedy,
  });
  if (head.isMissing) {
    return existsSync(cwd)
      ? none("no-git", "The command git was not found")
      : none("no-folder", `There is no folder "${cwd}"`);
  }
  const owner = untrustedOwner(head.message);
  if (owner !== null) return none("other-owner", owner.warning, owner.remedy);
  if (/not a git repository/i.test(head.message)) {
    return none("no-repository", "Not in a git repository");
  }
  // HEAD of a new repository names a branch that is not there; of a broken one, a lost commit.
  const [branch, name] = await Promise.all([
    runGit(cwd, env, ["symbolic-ref", "--quiet", "HEAD"]),
    runGit(cwd, env, ["rev-parse", "--verify", "--quiet", "HEAD"]),
  ]);
  if (branch.ok && !name.ok) {
    return none("no-commit", `The git repository of "${cwd}" has no commit yet`);
  }
  return unreadable(cwd, head);
}

function unreadable(cwd: string, { message }: GitAnswer): GitState {
  const [said = "it does not say why"] = message.split("\n");
  return {
    kind: "none",
    reason: "unreadable",
    warning: `git cannot read the repository of "${cwd}" (${said.replace(/^(fatal|error): /, "")})`,
    remedy: null,
  };
}
