import { compareVersions } from "@tideline/version/bump";

/** What is known when `latest` may move. */
export interface LatestFacts {
  /** The version that is being pushed. */
  readonly version: string;
  readonly digest: string;
  /** What `latest` points at; null if there is none. `version` is the highest it is known by. */
  readonly current: { readonly digest: string; readonly version: string | null } | null;
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
 * Says whether `latest` moves: to a release that is higher than the one it points at, and to nothing
 * else. A backport, a prerelease and a version that is none leave it where it is.
 */
export function decideLatest({ version, digest, current, isForced }: LatestFacts): LatestDecision {
  if (current?.digest === digest) return keep("points there already");
  if (isForced) return move(current === null ? "is new" : "was told to");
  if (!isVersion(version)) return keep(`stays: "${version}" is no semantic version`);
  if (isPrerelease(version)) return keep(`stays: ${version} is a prerelease`);
  if (current === null) return move("is new");
  if (current.version === null) {
    return keep("stays: what it points at names no version; --force-latest moves it");
  }
  return compareVersions(version, current.version) > 0
    ? move(`follows from ${current.version}`)
    : keep(`stays at ${current.version}, which ${version} is not above`);
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
