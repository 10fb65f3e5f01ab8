/**
 * One release: a tag that starts production, on a commit that GitHub does not skip. A bump's commit
 * says "[skip ci]", and a tag on it would start nothing, without a word; so such a commit gets an
 * empty one on top, which the branch takes along where it is the branch's newest.
 */
import { shortCommit } from "@tideline/version";
import { CommandError } from "../command-error.js";
import { checkRepository } from "../git/check-repository.js";
import { commitIdentity } from "../git/commit-identity.js";
import { fetchCommit } from "../git/fetch-commit.js";
import { type Git, openGit } from "../git/git.js";
import { gitWords } from "../git/git-words.js";
import { pushAtomically } from "../git/push-atomically.js";
import { readRemote } from "../git/read-remote.js";
import { findSkipToken } from "../git/skip-token.js";
import {
  type Attempt,
  type NotPushed,
  type PushPatience,
  untilPushed,
} from "../git/until-pushed.js";
import { writeCommit } from "../git/write-commit.js";
import type { Env } from "../terminal.js";
import { versionAt } from "../versions/version-at.js";
import type { VersionSettings } from "../versions/version-settings.js";
import { findSource } from "./find-source.js";

/** Where and what to release. */
export interface PushReleaseOptions extends PushPatience {
  readonly cwd: string;
  readonly env: Env;
  /** A commit, or a tag's name; null for the branch's newest commit. */
  readonly at: string | null;
  readonly isDryRun: boolean;
}

/** What is released now, or would be. */
export interface PushedRelease {
  readonly version: string;
  readonly tag: string;
  /** The commit with the tag; null where a dry run would write it. */
  readonly commit: string | null;
  /** The commit that was asked for: the tag's own, or the one below it. */
  readonly source: string;
  /** What in the source's message would have started nothing, if the tag had been put there. */
  readonly skipToken: string | null;
  /** True if the branch has the tag's commit. */
  readonly isOnBranch: boolean;
  /** True if it had been released before, and nothing was pushed now. */
  readonly isRepeat: boolean;
}

/**
 * Pushes a release's tag, and where the branch grows by it, the branch, both or neither.
 *
 * @throws {CommandError} `conflict`, if the tag exists on other content; else with a sentence for
 *   what stands in the way.
 */
export async function pushRelease(
  settings: VersionSettings,
  options: PushReleaseOptions,
): Promise<PushedRelease> {
  const git = openGit(options);
  await checkRepository(git, settings.remote, "release");
  // The branch may grow meanwhile; what was asked for is what was there at first.
  const chosen: { source: string | null } = { source: null };
  return await untilPushed(
    "release",
    () => attemptRelease(git, settings, options, chosen),
    options,
  );
}

async function attemptRelease(
  git: Git,
  settings: VersionSettings,
  { at, env, isDryRun }: PushReleaseOptions,
  chosen: { source: string | null },
): Promise<Attempt<PushedRelease>> {
  const { remote, branch, releaseTagPrefix } = settings;
  const state = await readRemote(git, { remote, branch, tagPrefix: "" });
  if (state.kind !== "read") return state;
  const { tip } = state;
  if (tip === null) {
    const why = `"${remote}" has no branch "${branch}"; "branch" in tideline.config.json names another`;
    return { kind: "refused", why };
  }
  const fetched = await fetchCommit(git, { remote, ref: `refs/heads/${branch}`, commit: tip });
  if (fetched.kind !== "here") return fetched;
  chosen.source ??= at === null ? tip : await findSource(git, { at, tip, state, settings });
  const { source } = chosen;

  const where = shortCommit(source);
  const { version } = await versionAt(git, source, settings, { doing: "release", where });
  const tag = `${releaseTagPrefix}${version}`;
  const skipToken = findSkipToken((await readCommit(git, source)).message);
  const isOnBranch = skipToken === null || source === tip;
  const release = { version, tag, source, skipToken, isOnBranch };

  const existing = state.tags.get(tag);
  if (existing !== undefined) {
    const isSame = await isReleaseOf(git, { existing, source, tag, settings });
    if (typeof isSame !== "boolean") return isSame;
    if (isSame) return { kind: "done", value: { ...release, commit: existing, isRepeat: true } };
    throw new CommandError(
      "conflict",
      `Cannot release ${version}: expected "${tag}" to be free or at ${where}, it is at ${shortCommit(existing)}, which is other content; bump the version, or name the commit with --at`,
    );
  }
  if (isDryRun) {
    const commit = skipToken === null ? source : null;
    return { kind: "done", value: { ...release, commit, isRepeat: false } };
  }
  const commit =
    skipToken === null
      ? source
      : await writeCommit(git, {
          parent: source,
          change: null,
          message: `chore: release ${version}\n`,
          identity: await commitIdentity(git, env, "release"),
        });
  const grown = skipToken !== null && source === tip ? branch : null;
  const result = await pushAtomically(git, { remote, commit, branch: grown, tag });
  if (result.kind !== "pushed") return result;
  return { kind: "done", value: { ...release, commit, isRepeat: false } };
}

/** The tag is this release's if its commit is the one asked for, or an empty one on top or below. */
async function isReleaseOf(
  git: Git,
  options: {
    readonly existing: string;
    readonly source: string;
    readonly tag: string;
    readonly settings: VersionSettings;
  },
): Promise<boolean | NotPushed> {
  const { existing, source, tag, settings } = options;
  if (existing === source) return true;
  const { remote } = settings;
  const fetched = await fetchCommit(git, { remote, ref: `refs/tags/${tag}`, commit: existing });
  if (fetched.kind !== "here") return fetched;
  const [one, other] = await Promise.all([readCommit(git, existing), readCommit(git, source)]);
  const isNext = one.parents.includes(source) || other.parents.includes(existing);
  return isNext && one.tree === other.tree;
}

/** As it is written: `git show` would leave out the parents that a shallow clone does not have. */
async function readCommit(
  git: Git,
  commit: string,
): Promise<{
  readonly tree: string;
  readonly parents: readonly string[];
  readonly message: string;
}> {
  const { ok, stdout, stderr } = await git(["cat-file", "commit", commit]);
  if (!ok) throw new CommandError("failed", `Cannot release: ${gitWords(stderr)}`);
  const end = stdout.indexOf("\n\n");
  const head = end < 0 ? stdout : stdout.slice(0, end);
  return {
    tree: /^tree (\w+)$/m.exec(head)?.[1] ?? "",
    parents: [...head.matchAll(/^parent (\w+)$/gm)].map(([, parent = ""]) => parent),
    message: end < 0 ? "" : stdout.slice(end + 2),
  };
}
