import type { SyncConfig } from "../config/sync-config.js";
import { readNewestRelease } from "../ledger/read-newest-release.js";
import type { ReleaseHost } from "../publish/release-host.js";
import { EMPTY_TRUST } from "../trust/trust-state.js";
import { verifyRelease } from "../trust/verify-release.js";
import { type CurrentVersion, NOTHING } from "./current-version.js";
import type { DetectWorld } from "./detect-world.js";

/**
 * Gives what the fleet has published last of a subsystem, as though it were installed: what a builder
 * that keeps nothing, as a job of CI, compares upstream with.
 *
 * @throws {SyncError} What the release host throws.
 */
export async function publishedVersion(
  { trust }: Pick<SyncConfig, "trust">,
  subsystem: string,
  host: ReleaseHost,
  { now, log }: DetectWorld,
): Promise<CurrentVersion> {
  const state = EMPTY_TRUST;
  const expected = { subsystem };
  const newest = await readNewestRelease(
    subsystem,
    host,
    (release) => verifyRelease(release, { ...trust, now: now(), state, expected }),
    log,
  );
  if (newest === null) return NOTHING;
  const { version, seq, upstream, createdAt } = newest.manifest;
  return { from: "published", commit: upstream?.oid ?? null, version, seq, updatedAt: createdAt };
}
