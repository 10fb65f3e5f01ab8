import type { CiFacts } from "./ci.js";
import type { GitState } from "./git.js";
import type { VersionForm } from "./version-form.js";
import { timeLabel } from "./version-label.js";

/** What was found when a build was stamped. */
export interface StampFindings {
  readonly git: GitState;
  readonly ci: CiFacts | null;
  /** The commit that variables name in full, and who says so. */
  readonly fromCi: { readonly commit: string; readonly source: string } | null;
  readonly form: VersionForm | null;
  readonly version: string;
  /** ms since epoch. */
  readonly now: number;
}

/** Gives sentences about what was missing or odd when a build was stamped. */
export function stampWarnings(findings: StampFindings): string[] {
  return [...commitWarnings(findings), ...dirtyWarnings(findings), ...formWarnings(findings)];
}

/** Says which files have changes that no commit holds, the first five by name. */
export function dirtyWarning(paths: readonly string[]): string {
  return `Working directory has uncommitted changes: ${listDirtyPaths(paths)}`;
}

/**
 * Names the first five of the changed files.
 *
 * @example
 * listDirtyPaths(["a", "b", "c", "d", "e", "f"]); // "a, b, c, d, e and 1 more"
 */
export function listDirtyPaths(paths: readonly string[]): string {
  // A file may be called anything; what it is called must not drive a terminal.
  const shown = paths.slice(0, 5).map((path) => path.replace(/\p{Cc}/gu, "?"));
  return shown.join(", ") + (paths.length > 5 ? ` and ${paths.length - 5} more` : "");
}

function* commitWarnings({ git, ci, fromCi, version, now }: StampFindings) {
  const short = fromCi === null ? (ci?.shortCommit ?? null) : null;
  if (git.kind === "none") {
    // Where CI names the commit (an image without git, say), nothing is missing.
    if (fromCi !== null) return;
    const then =
      version === timeLabel(now) ? `using timestamp ${version}` : "so the build names no commit";
    yield `${git.warning}, ${then}`;
    if (short !== null) yield `${ci?.provider} names "${short}", which is no full commit`;
    return;
  }
  if (fromCi !== null && ![fromCi.commit, ci?.merge].includes(git.commit)) {
    yield `${fromCi.source} names commit ${fromCi.commit}, the working tree is at ${git.commit}; the build is stamped with the former`;
  }
  if (short !== null && !git.commit.startsWith(short)) {
    yield `${ci?.provider} names "${short}", which is no full commit, and the working tree is at ${git.commit}; the build is stamped with the latter`;
  }
}

function* dirtyWarnings({ git }: StampFindings) {
  if (git.kind === "none" || git.dirtyPaths.length === 0) return;
  if (!git.holdsFolder) {
    yield "The git repository around this folder holds none of its files; the build is stamped with its commit all the same";
  }
  yield dirtyWarning(git.dirtyPaths);
}

function* formWarnings({ form }: StampFindings) {
  if (form !== "hash") return;
  yield "Whoever can list the commits can find the one behind a hash; TIDELINE_VERSION_FORM=hmac hides it from them too";
}
