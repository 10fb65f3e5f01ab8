/** The signed facts about one release of one subsystem. What covers them is signed-release.ts. */
import type { PlatformKey } from "./platform.js";

/** How far a version is from the one before it; 0.x counts one step further (semver.org, clause 4). */
export type UpdateClass = "major" | "minor" | "patch";

/** One file of a release, for one platform. */
export interface ReleaseArtifact {
  /** Where it may be fetched, in order; `https:`, or `http:` on loopback. */
  readonly urls: readonly string[];
  /** Bytes of the file as it is downloaded. */
  readonly size: number;
  /** Of the file as it is downloaded; 64 hex digits in lower case, as every sha256 here. */
  readonly sha256: string;
  /** `raw`: the file is the binary itself. */
  readonly format: "raw" | "gz" | "tar.gz" | "zip";
  /** The exact name of the one member to take; null for `raw` and `gz`. */
  readonly member: string | null;
  /** The binary that comes out of it. */
  readonly binary: { readonly size: number; readonly sha256: string };
}

/** What a publisher signs. */
export interface ReleaseManifest {
  readonly format: 1;
  /** The subsystem's name, as in `sync.config.yaml`. */
  readonly subsystem: string;
  /** Grows with every release of the subsystem; the only order there is. */
  readonly seq: number;
  /** For people, and for the exec test: what the binary says of itself holds this text. */
  readonly version: string;
  /** How it stands to the release before it. */
  readonly updateClass: UpdateClass;
  /** Shortens bake times; never skips the canaries. */
  readonly isCritical: boolean;
  /** What it was built from; null for what has no upstream. */
  readonly upstream: {
    readonly url: string;
    readonly tag: string | null;
    /** The commit, 40 or 64 hex digits. */
    readonly oid: string;
  } | null;
  /** ms since epoch. */
  readonly createdAt: number;
  /** ms since epoch; from then on nobody installs it anew. */
  readonly expiresAt: number;
  /** The lowest version of `tideline-sync` that can install it, or null. */
  readonly minSync: string | null;
  /** The `seq` of the older release whose bytes this one points at; null if it is no revert. */
  readonly reverts: number | null;
  /** sha256 of binaries that nobody shall install any more. */
  readonly revoked: readonly string[];
  /** `unsafe`: data that this version has written cannot be read by the one before. */
  readonly dataRollback: "safe" | "unsafe";
  readonly artifacts: Readonly<Record<PlatformKey, ReleaseArtifact>>;
}
