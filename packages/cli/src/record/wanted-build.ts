import { type BuildStamp, type DeploymentRecord, labelBuildId } from "@tideline/version";

/** The build that an address is expected to serve. */
export interface WantedBuild {
  readonly buildId: string;
  readonly version: string;
  /** Null where it is not known, or only by a name that no address would give it. */
  readonly gitCommit: string | null;
}

/** Gives the build that a record speaks of. */
export function wantedBuild({
  buildId,
  version,
  gitCommit,
}: Pick<DeploymentRecord, "buildId" | "version" | "gitCommit">): WantedBuild {
  const isSha = /^([0-9a-f]{40}|[0-9a-f]{64})(-dirty)?$/i.test(gitCommit);
  return {
    buildId: buildId ?? labelBuildId(version),
    version,
    gitCommit: isSha ? gitCommit.toLowerCase() : null,
  };
}

/**
 * Says whether what an address serves is the wanted build: the same build id. An address that knows
 * only its version (a service's `/version`) has no build id of its own, and is compared by the
 * version and, where it says one, the commit.
 */
export function isServed(wanted: WantedBuild, served: BuildStamp): boolean {
  if (served.buildId === wanted.buildId) return true;
  if (served.buildId !== safeLabel(served.version)) return false;
  const isSameCommit =
    served.gitCommit === null ||
    wanted.gitCommit === null ||
    wanted.gitCommit.replace(/-dirty$/, "").startsWith(served.gitCommit.toLowerCase());
  return served.version === wanted.version && isSameCommit;
}

/** A version that is a stand-in has no label, and no stamp has its build id. */
function safeLabel(version: string): string | null {
  try {
    return labelBuildId(version);
  } catch {
    return null;
  }
}
