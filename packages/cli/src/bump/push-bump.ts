/**
 * One bump on a remote branch, safe among any number of others: the version is read from the
 * branch's newest commit, and the push is taken only while that is still the newest.
 *
 *   ask the remote -> fetch its commit -> bumped for this commit before? -> write -> push
 *        ^                                                                       |
 *        +-------------- somebody was faster, or the network broke --------------+
 */
import { randomUUID } from "node:crypto";
import { type BumpLevel, bumpVersion } from "@tideline/version/bump";
import { CommandError } from "../command-error.js";
import { checkRepository } from "../git/check-repository.js";
import { commitIdentity } from "../git/commit-identity.js";
import { fetchCommit } from "../git/fetch-commit.js";
import { type Git, openGit } from "../git/git.js";
import { pushAtomically } from "../git/push-atomically.js";
import { type RemoteState, readRemote } from "../git/read-remote.js";
import { type Attempt, type PushPatience, untilPushed } from "../git/until-pushed.js";
import { writeCommit } from "../git/write-commit.js";
import type { Env } from "../terminal.js";
import { versionAt } from "../versions/version-at.js";
import type { VersionSettings } from "../versions/version-settings.js";
import { writeVersionText } from "../versions/version-text.js";
import { bumpMessage } from "./bump-message.js";
import { findBump } from "./find-bump.js";

/** Where and for what to bump. */
export interface PushBumpOptions extends PushPatience {
  readonly cwd: string;
  readonly env: Env;
  /** ms since epoch. */
  readonly now: () => number;
  /** The commit that gets one bump and no second one; null to bump in any case. */
  readonly forCommit: string | null;
  readonly isDryRun: boolean;
}

/** What is on the branch now, or would be. */
export interface PushedBump {
  readonly version: string;
  readonly previous: string | null;
  readonly tag: string;
  /** Null after a dry run. */
  readonly commit: string | null;
  /** The full SHA that it was made for. */
  readonly forCommit: string | null;
  /** True if it had been made before, and nothing was pushed now. */
  readonly isRepeat: boolean;
}

/**
 * Pushes a commit with the next version and its tag, both or neither. The caller's working tree,
 * index and branches are not touched.
 *
 * @throws {CommandError} With a sentence, for everything that stands in the way.
 */
export async function pushBump(
  level: BumpLevel,
  settings: VersionSettings,
  options: PushBumpOptions,
): Promise<PushedBump> {
  const git = openGit(options);
  await checkRepository(git, settings.remote, "bump");
  const forCommit = await resolveCommit(git, options.forCommit);
  const identity = options.isDryRun ? {} : await commitIdentity(git, options.env, "bump");
  const pushed = new Map<string, PushedBump>();
  return await untilPushed(
    "bump",
    () => attemptBump(git, level, settings, { ...options, forCommit, identity, pushed }),
    options,
  );
}

interface AttemptOptions extends PushBumpOptions {
  readonly identity: Env;
  /** What earlier attempts sent, by commit: an answer that was lost may have been a yes. */
  readonly pushed: Map<string, PushedBump>;
}

async function attemptBump(
  git: Git,
  level: BumpLevel,
  settings: VersionSettings,
  { forCommit, identity, pushed, now, isDryRun, log }: AttemptOptions,
): Promise<Attempt<PushedBump>> {
  const { remote, branch, tagPrefix } = settings;
  const state = await readRemote(git, settings);
  if (state.kind !== "read") return state;
  const { tip, tags } = state;
  const arrived = [...tags.values()].map((commit) => pushed.get(commit)).find(Boolean);
  if (arrived !== undefined) return { kind: "done", value: arrived };
  if (tip === null) {
    const why = `"${remote}" has no branch "${branch}"; "branch" in tideline.config.json names another`;
    return { kind: "refused", why };
  }
  const fetched = await fetchCommit(git, { remote, ref: `refs/heads/${branch}`, commit: tip });
  if (fetched.kind !== "here") return fetched;

  if (forCommit !== null) {
    const found = await findBump(git, { tip, forCommit, tags, settings });
    if (found.kind === "found") {
      return { kind: "done", value: { ...found, previous: null, forCommit, isRepeat: true } };
    }
    if (found.kind !== "none") return found;
    if (!found.isCommit) {
      const there = await fetchCommit(git, { remote, ref: forCommit, commit: forCommit });
      if (there.kind === "unreached") return there;
      if (there.kind !== "here") throw noCommit(forCommit, `a commit of "${remote}"`);
    }
  }

  const where = `"${branch}" of "${remote}"`;
  const {
    version: previous,
    path,
    text,
  } = await versionAt(git, tip, settings, {
    doing: "bump",
    where,
  });
  const version = nextFree(previous, level, tagPrefix, state, log);
  const tag = `${tagPrefix}${version}`;
  const bump = { version, previous, tag, forCommit, isRepeat: false };
  if (isDryRun) return { kind: "done", value: { ...bump, commit: null } };
  const commit = await writeCommit(git, {
    parent: tip,
    change: { path, text: writeVersionText(text, path, { version, parent: tip, now: now() }) },
    message: bumpMessage(version, randomUUID(), forCommit),
    identity,
  });
  pushed.set(commit, { ...bump, commit });
  const result = await pushAtomically(git, { remote, commit, branch, tag });
  return result.kind === "pushed" ? { kind: "done", value: { ...bump, commit } } : result;
}

/** Skips versions whose tag exists: by hand, or from a history that was thrown away. */
function nextFree(
  previous: string,
  level: BumpLevel,
  tagPrefix: string,
  { tags }: RemoteState,
  log: (line: string) => void,
): string {
  let version = bumpVersion(previous, level);
  while (tags.has(`${tagPrefix}${version}`)) {
    const next = bumpVersion(version, level);
    log(`Leaving out ${version}: the tag "${tagPrefix}${version}" exists and is another commit's`);
    version = next;
  }
  return version;
}

/** A full SHA need not be here; anything shorter has to be found. */
async function resolveCommit(git: Git, text: string | null): Promise<string | null> {
  if (text === null) return null;
  const given = text.trim().toLowerCase();
  if (/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(given)) return given;
  const found = await git([
    "rev-parse",
    "--verify",
    "--quiet",
    "--end-of-options",
    `${text}^{commit}`,
  ]);
  if (found.ok) return found.stdout.trim();
  throw noCommit(text, "a commit");
}

function noCommit(text: string, expected: string): CommandError {
  return new CommandError(
    "usage",
    `Cannot use --for: expected ${expected}, for example $GITHUB_SHA, got "${text}"`,
  );
}
