import { CommandError } from "../command-error.js";

/** What an image's tags are made from. */
export interface ImageIdentity {
  /** The version that people read, for example `"4.20.5"`. */
  readonly version: string;
  /** The full SHA that it was built from; null where no commit holds all of it. */
  readonly commit: string | null;
  /** What this service's tags end with, for example `"-api"`. */
  readonly tagSuffix: string;
}

/** The tags of one image. */
export interface ImageTags {
  /** Each names one image for ever: the version, then the commit. */
  readonly immutable: readonly string[];
  /** For people who look around; nothing is deployed by it. */
  readonly moving: string;
}

// https://github.com/opencontainers/distribution-spec/blob/v1.1.0/spec.md#pulling-manifests
const TAG = /^\w[\w.-]{0,127}$/;
// As many digits as everywhere else: git's own short form differs in length between clones.
const COMMIT_DIGITS = 12;

/**
 * Gives an image's tags: `4.20.5-api` and `sha-<12 digits>-api`, which never change, and
 * `latest-api`, which moves. A tag cannot hold the `+` of a version; it becomes `_`.
 *
 * @throws {CommandError} `usage`, if a tag would hold what a registry does not take.
 *
 * @example
 * imageTags({ version: "4.20.5", commit: "b61da9d3…", tagSuffix: "" }).immutable
 * // ["4.20.5", "sha-b61da9d3c0ff"]
 */
export function imageTags({ version, commit, tagSuffix }: ImageIdentity): ImageTags {
  const names = commit === null ? [version] : [version, `sha-${commit.slice(0, COMMIT_DIGITS)}`];
  return {
    immutable: names.map((name) => parseTag(`${name.replaceAll("+", "_")}${tagSuffix}`)),
    moving: parseTag(`latest${tagSuffix}`),
  };
}

/** Whether one of an image's tags is its commit's. */
export function isCommitTag(tag: string): boolean {
  return /^sha-[0-9a-f]{12}/.test(tag);
}

function parseTag(tag: string): string {
  if (TAG.test(tag)) return tag;
  throw new CommandError(
    "usage",
    `Cannot tag an image: expected 1 to 128 letters, digits, "_", "." or "-" that begin with none of the last two, got "${tag}"`,
  );
}
