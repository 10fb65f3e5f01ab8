import {
  isNamedAfterCommit,
  type ReleaseManifest,
  type UpdateClass,
  updateClass,
} from "@tideline/version/fleet";
import { SyncError } from "../sync-error.js";
import type { PublishRequest } from "./publish-request.js";

const DEFAULT_EXPIRY_MS = 90 * 24 * 60 * 60 * 1000;
// A manifest holds no more.
const MAX_REVOKED = 256;

/** What a manifest is made of, besides the wish. */
export interface ManifestFacts {
  readonly seq: number;
  readonly version: string;
  readonly upstream: ReleaseManifest["upstream"];
  readonly artifacts: ReleaseManifest["artifacts"];
  /** The `seq` that is gone back to; null if it is no revert. */
  readonly reverts: number | null;
  /** The release before it; null for a subsystem's first. */
  readonly before: ReleaseManifest | null;
  /** ms since epoch. */
  readonly now: number;
}

/**
 * Writes the facts of a release down; pure.
 *
 * How far it is from the one before it is `major` where that cannot be said, so that a person is
 * asked; a subsystem's first release breaks nothing and is `minor`. What was revoked stays revoked.
 *
 * @throws {SyncError} `REVOKED` if one of its own binaries is among the revoked.
 */
export function buildManifest(request: PublishRequest, facts: ManifestFacts): ReleaseManifest {
  const { subsystem, isCritical, dataRollback, minSync, expiresInMs = DEFAULT_EXPIRY_MS } = request;
  const { seq, version, upstream, artifacts, reverts, before, now } = facts;
  const revoked = [...new Set([...request.revoked, ...(before?.revoked ?? [])])];
  for (const [platform, { binary }] of Object.entries(artifacts)) {
    if (!revoked.includes(binary.sha256)) continue;
    throw new SyncError(
      "REVOKED",
      `Cannot publish ${subsystem} ${version}: expected binaries that may be installed, got the revoked ${binary.sha256} for ${platform}`,
    );
  }
  return {
    format: 1,
    subsystem,
    seq,
    version,
    updateClass: stepFrom(before, { version, upstream }),
    isCritical,
    upstream,
    createdAt: now,
    expiresAt: now + expiresInMs,
    minSync,
    reverts,
    // The newest ones where there are too many: of the oldest no machine is left.
    revoked: revoked.slice(0, MAX_REVOKED),
    dataRollback,
    artifacts,
  };
}

/**
 * The next commit of a branch is a minor step: detection lets a branch that was rewritten through
 * only when somebody has approved it.
 */
function stepFrom(
  before: ReleaseManifest | null,
  now: Pick<ReleaseManifest, "version" | "upstream">,
): UpdateClass {
  if (before === null || isNamedAfterCommit(now)) return "minor";
  return updateClass(before.version, now.version) ?? "major";
}
