import { readFile } from "node:fs/promises";
import { fetchHistory } from "../git/fetch-history.js";
import type { Git } from "../git/git.js";
import { gitWords } from "../git/git-words.js";
import type { NotPushed } from "../git/until-pushed.js";
import type { VersionSettings } from "../versions/version-settings.js";
import { BUMP_FOR, readBumpMessage } from "./bump-message.js";

/** What the branch says of an earlier bump. */
export type FoundBump =
  | {
      readonly kind: "found";
      readonly version: string;
      readonly tag: string;
      readonly commit: string;
    }
  /** `isCommit` says whether the branch or the clone has the commit that it is for. */
  | { readonly kind: "none"; readonly isCommit: boolean }
  | NotPushed;

/** Where to look, and for what. */
export interface FindBumpOptions {
  readonly tip: string;
  readonly forCommit: string;
  /** The remote's tags: they say which version a commit got, whatever its message says. */
  readonly tags: ReadonlyMap<string, string>;
  readonly settings: VersionSettings;
}

/**
 * Looks in a branch's history for the bump that was made for a commit. A clone that is too shallow
 * to say gets the missing commits, without files, into a temporary repository.
 */
export async function findBump(git: Git, options: FindBumpOptions): Promise<FoundBump> {
  const { tip, forCommit, settings } = options;
  const range = await rangeSince(git, tip, forCommit);
  const here = await search(git, range.revisions, options);
  if (here.kind === "found" || range.isComplete) return here;
  const history = await fetchHistory(git, settings);
  if (history.kind !== "fetched") return history;
  try {
    return await search(history.git, [tip], options);
  } finally {
    await history.dispose();
  }
}

/**
 * A bump stands on top of what it is made for, so older commits need no look; unless the commit is
 * not on the branch, or a shallow clone ends in between.
 */
async function rangeSince(
  git: Git,
  tip: string,
  forCommit: string,
): Promise<{ readonly revisions: readonly string[]; readonly isComplete: boolean }> {
  const isAncestor = (await git(["merge-base", "--is-ancestor", forCommit, tip])).ok;
  const revisions = isAncestor ? [tip, `^${forCommit}`] : [tip];
  const ends = await shallowEnds(git);
  if (ends.size === 0) return { revisions, isComplete: true };
  const listed = (await git(["rev-list", ...revisions])).stdout.split("\n");
  return { revisions, isComplete: isAncestor && !listed.some((commit) => ends.has(commit)) };
}

async function shallowEnds(git: Git): Promise<ReadonlySet<string>> {
  const [path, folder] = await Promise.all([
    git(["rev-parse", "--path-format=absolute", "--git-path", "shallow"]),
    git(["rev-parse", "--is-shallow-repository"]),
  ]);
  if (folder.stdout.trim() !== "true") return new Set();
  const text = await readFile(path.stdout.trim(), "utf8").catch(() => "");
  return new Set(text.split("\n").filter((line) => line !== ""));
}

async function search(
  git: Git,
  revisions: readonly string[],
  { forCommit, tags, settings }: FindBumpOptions,
): Promise<FoundBump> {
  const log = await git([
    ...["log", "--no-show-signature", "--format=%H%n%B%x00"],
    ...["--fixed-strings", `--grep=${BUMP_FOR}: ${forCommit}`, ...revisions, "--"],
  ]);
  // An unread history must not count as one without a bump.
  if (!log.ok) return { kind: "refused", why: gitWords(log.stderr) };
  for (const entry of log.stdout.split("\0")) {
    const [commit = "", ...lines] = entry.trim().split("\n");
    const said = readBumpMessage(lines.join("\n"));
    if (said?.forCommit !== forCommit) continue;
    const tagged = [...tags].find(([, target]) => target === commit)?.[0];
    const tag = tagged ?? `${settings.tagPrefix}${said.version}`;
    return { kind: "found", version: tag.slice(settings.tagPrefix.length), tag, commit };
  }
  const { ok } = await git(["cat-file", "-e", `${forCommit}^{commit}`]);
  return { kind: "none", isCommit: ok };
}
