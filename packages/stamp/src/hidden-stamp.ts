import type { BuildStamp } from "@tideline/version";

const DAY_MS = 24 * 60 * 60_000;

/** What of a stamp says whether it hides its commit. */
export type HidingFacts = Pick<
  BuildStamp,
  "version" | "gitCommit" | "gitBranch" | "gitTag" | "buildTime" | "commitTime"
>;

/** Gives the day of a moment, in ms since epoch: all that a hidden stamp tells of its times. */
export function dayOf(time: number): number {
  return time - (time % DAY_MS);
}

/**
 * Says whether a build was stamped in a hidden form (see `versionForm`): no commit, branch or tag,
 * and a build time that is a whole day, as no clock gives it.
 */
export function hidesCommit(stamp: HidingFacts): boolean {
  const { gitCommit, gitBranch, gitTag, buildTime, commitTime } = stamp;
  const isSilent = [gitCommit, gitBranch, gitTag, commitTime].every((fact) => fact === null);
  return isSilent && buildTime > 0 && buildTime === dayOf(buildTime);
}

/**
 * Gives what stands for the commit of a hidden stamp: its HMAC or hash, which is the same for the
 * same commit; null where the version is no such name.
 */
export function commitStandIn({ version }: Pick<BuildStamp, "version">): string | null {
  return /^([0-9a-f]{12})(?:-dirty)?$/.exec(version)?.[1] ?? null;
}
