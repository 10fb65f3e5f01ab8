import { realpath } from "node:fs/promises";
import type { UpstreamVersion } from "../detect/upstream-finding.js";
import { SyncError } from "../sync-error.js";
import { runGit } from "./run-git.js";

/** A checkout and where it shall stand. */
export interface SourceUpdate {
  readonly subsystem: string;
  /** The checkout; absolute. */
  readonly folder: string;
  /** What detection has found. Its commit is the truth; tag and branch only say where it lies. */
  readonly found: UpstreamVersion;
  /** The branch whose tip it is, if it has no tag. */
  readonly branch: string;
  /** Asked if the finding names no remote. */
  readonly remotes: readonly string[];
  readonly signal: AbortSignal;
}

/** Where it stands now. */
export interface UpdatedSource {
  /** 40 or 64 hex digits. */
  readonly commit: string;
  /** When that was committed; ms since epoch. The same on every machine. */
  readonly committedAt: number;
}

/**
 * Fetches one commit and checks it out, by its oid: a tag that was moved between the look and the
 * fetch is refused, and no branch or tag of the checkout changes.
 *
 * Nothing of a person's is lost: changed files, and commits that no branch holds, are a refusal. Files
 * that git does not know, as builds leave them, stay where they are.
 *
 * @throws {SyncError} `GIT_MISSING`, `SOURCE_DIRTY`, `SOURCE_UNUSABLE`, `TAG_MOVED`, `REMOTE_UNREACHABLE`.
 */
export async function updateSource(update: SourceUpdate): Promise<UpdatedSource> {
  const { found, folder } = update;
  await requireOwnCheckout(update);
  await requireClean(update);
  await requireNothingToLose(update);
  if (!(await has(update, found.commit)) || found.tag !== null) await fetchCommit(update);
  await git(update, "update-ref", `${KEPT}/${found.commit}`, found.commit);
  const { ok, message } = await git(update, "checkout", "--quiet", "--detach", found.commit);
  if (!ok) {
    const isInTheWay = /would be overwritten|untracked working tree files/.test(message);
    throw new SyncError(
      isInTheWay ? "SOURCE_DIRTY" : "SOURCE_UNUSABLE",
      `Cannot check out ${found.commit} in "${folder}": ${firstLines(message)}`,
    );
  }
  await updateSubmodules(update);
  return await requireSource(update);
}

/**
 * Says where a checkout stands, and that it stands where it should.
 *
 * @throws {SyncError} `SOURCE_DIRTY` if it stands elsewhere: somebody has worked in it meanwhile.
 */
export async function requireSource(update: SourceUpdate): Promise<UpdatedSource> {
  const { folder, found } = update;
  const { ok, stdout, message } = await git(update, "show", "-s", "--format=%H %ct", "HEAD");
  const [commit = "", seconds = ""] = stdout.trim().split(" ");
  if (ok && commit === found.commit) return { commit, committedAt: Number(seconds) * 1000 };
  throw new SyncError(
    "SOURCE_DIRTY",
    `Cannot use the source in "${folder}": expected it at ${found.commit}, got "${commit || firstLines(message)}"`,
  );
}

/** Files that git knows and that differ; their lines as `git status` says them. */
export async function changedFiles(update: SourceUpdate): Promise<string[]> {
  const args = [
    "status",
    "--porcelain=v1",
    "--untracked-files=no",
    "--ignore-submodules=untracked",
  ];
  const { stdout } = await git(update, ...args);
  return stdout.split("\n").filter((line) => line !== "");
}

/** A folder without a repository of its own would make git work on the one that it lies in. */
async function requireOwnCheckout(update: SourceUpdate): Promise<void> {
  const { folder, subsystem } = update;
  const { ok, stdout, message } = await git(update, "rev-parse", "--show-toplevel");
  const top = stdout.replace(/\r?\n$/, "");
  if (ok && (await realpath(top)) === (await realpath(folder))) return;
  throw new SyncError(
    "SOURCE_UNUSABLE",
    `Cannot update the source of ${subsystem}: expected a git checkout of its own in "${folder}", got ${ok ? `a part of "${top}"` : `"${firstLines(message)}"`}`,
  );
}

async function requireClean(update: SourceUpdate): Promise<void> {
  const changed = await changedFiles(update);
  if (changed.length === 0) return;
  const more = changed.length > 3 ? ` and ${changed.length - 3} more` : "";
  throw new SyncError(
    "SOURCE_DIRTY",
    `Cannot update the source of ${update.subsystem}: expected no changes in "${update.folder}", got "${changed.slice(0, 3).join(", ")}"${more}`,
  );
}

/** On a detached head, commits of a person may be on no branch; after a checkout nobody finds them. */
async function requireNothingToLose(update: SourceUpdate): Promise<void> {
  if ((await git(update, "symbolic-ref", "--quiet", "HEAD")).ok) return;
  const args = ["rev-list", "--max-count=1", "HEAD", "--not", "--branches", "--tags", "--remotes"];
  const { stdout } = await git(update, ...args);
  const commit = stdout.trim();
  // What we have checked out ourselves came from the remote, under a name of our own.
  if (commit === "" || (await isOfUs(update, commit))) return;
  throw new SyncError(
    "SOURCE_DIRTY",
    `Cannot update the source of ${update.subsystem}: expected every commit on a branch, got ${commit} on none`,
  );
}

/** Below it is a ref for every commit that we have checked out. */
const KEPT = "refs/tideline/commits";
const FETCHED = "refs/tideline/fetched";

async function isOfUs(update: SourceUpdate, commit: string): Promise<boolean> {
  const args = ["for-each-ref", "--count=1", `--contains=${commit}`, KEPT];
  return (await git(update, ...args)).stdout.trim() !== "";
}

async function has(update: SourceUpdate, commit: string): Promise<boolean> {
  return (await git(update, "cat-file", "-e", `${commit}^{commit}`)).ok;
}

async function fetchCommit(update: SourceUpdate): Promise<void> {
  const { found, branch, remotes, subsystem } = update;
  const ref = found.tag === null ? `refs/heads/${branch}` : `refs/tags/${found.tag}`;
  // A new checkout of one tag, as in CI, needs none of the years before it.
  const isNew = !(await git(update, "rev-parse", "--verify", "--quiet", "HEAD")).ok;
  const depth = isNew && found.tag !== null ? ["--depth=1"] : [];
  const failures: string[] = [];
  for (const remote of found.remote === null ? remotes : [found.remote]) {
    const args = [
      "fetch",
      "--quiet",
      "--no-tags",
      "--no-write-fetch-head",
      "--recurse-submodules=no",
      ...depth,
    ];
    const { ok, message } = await git(update, ...args, "--", remote, `+${ref}:${FETCHED}`);
    if (!ok) {
      failures.push(`${remote}: ${firstLines(message)}`);
      continue;
    }
    const at = (
      await git(update, "rev-parse", "--verify", "--quiet", `${FETCHED}^{commit}`)
    ).stdout.trim();
    if (at === found.commit) return;
    // A branch may have gone on since the look, and then still has the commit.
    const isBehind = found.tag === null && (await isAncestor(update, found.commit, at));
    if (isBehind) return;
    throw new SyncError(
      found.tag === null ? "BRANCH_REWRITTEN" : "TAG_MOVED",
      `Cannot update the source of ${subsystem}: expected ${ref} at ${found.commit}, got ${at}`,
    );
  }
  throw new SyncError(
    "REMOTE_UNREACHABLE",
    `Cannot fetch ${ref} of ${subsystem}: ${failures.join("; ") || "expected a remote, got none"}`,
  );
}

async function isAncestor(update: SourceUpdate, commit: string, of: string): Promise<boolean> {
  return (await git(update, "merge-base", "--is-ancestor", commit, of)).ok;
}

async function updateSubmodules(update: SourceUpdate): Promise<void> {
  if (!(await git(update, "cat-file", "-e", "HEAD:.gitmodules")).ok) return;
  const args = ["submodule", "--quiet", "update", "--init", "--recursive", "--force"];
  const { ok, message } = await git(update, ...args);
  if (ok) return;
  throw new SyncError(
    "REMOTE_UNREACHABLE",
    `Cannot update the submodules of ${update.subsystem}: ${firstLines(message)}`,
  );
}

function git({ folder, signal }: SourceUpdate, ...args: readonly string[]) {
  return runGit(folder, args, signal);
}

function firstLines(text: string): string {
  return text.split("\n").slice(0, 3).join(" ").slice(0, 300);
}
