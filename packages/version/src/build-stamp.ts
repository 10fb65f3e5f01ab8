/** Identifies one build's bytes; compared for equality only. */
export type BuildId = string & { readonly __buildId: true };

/**
 * What a build says about itself. Made once, when the build is made, and carried unchanged in the
 * page's meta tag, in `version.json` and in the deployment record.
 */
export interface BuildStamp {
  /** Which application this is, for example `"web"`. */
  readonly appName: string;
  /** Where it was built to run, for example `"production"`; null for an artifact that is promoted. */
  readonly environment: string | null;
  /** Identity of the artifact's bytes. Decides; nothing else does. */
  readonly buildId: BuildId;
  /** Label for people. Never compared. */
  readonly version: string;
  /** Full commit SHA (40 or 64 hex digits), or null outside a repository. */
  readonly gitCommit: string | null;
  readonly gitBranch: string | null;
  /** True if the working tree had changes that no commit holds. */
  readonly gitDirty: boolean;
  readonly gitTag: string | null;
  /** CI's run number, 0 where there is none. Never compared. */
  readonly buildNumber: number;
  /** ms since epoch: SOURCE_DATE_EPOCH, else the commit's time, else the clock. Never compared. */
  readonly buildTime: number;
  /** ms since epoch, or null outside a repository. */
  readonly commitTime: number | null;
}

/** The name of the meta tag that carries the stamp as JSON in a page's head. */
export const STAMP_META_NAME = "tideline-build";

/** Stands in for the build id in emitted HTML until the bytes are known. */
export const BUILD_ID_PLACEHOLDER = "__TIDELINE_BUILD_ID__";
