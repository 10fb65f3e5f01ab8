import { compareVersions } from "@tideline/version/bump";

/** What is known when `latest` may move. */
export interface LatestFacts {
  /** The version that is being pushed. */
  readonly version: string;
  readonly digest: string;
  /** What `latest` points at; null if there is none. Its version is null where nobody knows it. */
  readonly current: { readonly digest: string; readonly version: string | null } | null;
  /** The highest release that has a tag; null if there is none. */
  readonly highest: string | null;
  /** Asked for by `--force-latest`. */
  readonly isForced: boolean;
}

/** Whether `latest` is written, and why. */
export interface LatestDecision {
  readonly isMoved: boolean;
  /** The rest of a sentence that begins with the tag's name. */
  readonly reason: string;
}

/**
 * Says whether `latest` moves: to a release that is higher than the one it points at and than all
 * that have a tag. A backport, a prerelease and a version that is none leave it where it is.
 */
export function decideLatest(facts: LatestFacts): LatestDecision {
  const { version, digest, current, highest, isForced } = facts;
  if (current?.digest === digest) return keep("points there already");
  if (isForced) return move(current === null ? "is new" : "was told to");
  if (!isVersion(version)) return keep(`stays: "${version}" is no semantic version`);
  if (isPrerelease(version)) return keep(`stays: ${version} is a prerelease`);
  // An image that was reused has higher tags than its label says, and whoever wrote a higher tag a
  // moment ago is about to move `latest` there.
  if (highest !== null && compareVersions(highest, version) > 0) {
    return keep(`stays: ${highest} is there, which ${version} is not above`);
  }
  if (current === null) return move("is new");
  if (current.version === null) {
    return keep("stays: nobody knows which version it points at; --force-latest moves it");
  }
  return compareVersions(version, current.version) > 0
    ? move(`follows from ${current.version}`)
    : keep(`stays: it points at ${current.version}, which ${version} is not above`);
}

/** True of a semantic version. */
export function isVersion(text: string): boolean {
  try {
    return compareVersions(text, text) === 0;
  } catch {
    // Its way to say that this is none.
    return false;
  }
}

/** True of `5.0.0-rc.1`, not of `5.0.0` nor `5.0.0+rc-1`. */
export function isPrerelease(version: string): boolean {
  return version.replace(/\+.*$/, "").includes("-");
}

function move(reason: string): LatestDecision {
  return { isMoved: true, reason };
}

function keep(reason: string): LatestDecision {
  return { isMoved: false, reason };
}
