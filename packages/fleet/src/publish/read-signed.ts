import {
  parseReleaseManifest,
  parseSignedRelease,
  type ReleaseManifest,
  type SignedRelease,
} from "@tideline/version/fleet";
import type { SyncConfig } from "../config/sync-config.js";
import { EMPTY_TRUST } from "../trust/trust-state.js";
import { verifyRelease } from "../trust/verify-release.js";

/**
 * Gives the manifest of a release whose signatures hold, as of the day on which it was made: what has
 * expired or was superseded since then still is what was published. Not for installing anything.
 *
 * @throws {SyncError | SyntaxError | TypeError | RangeError} If they do not hold, or it is none.
 */
export function readSigned(release: SignedRelease, trust: SyncConfig["trust"]): ReleaseManifest {
  const { subsystem, createdAt } = parseReleaseManifest(parseSignedRelease(release).manifest);
  return verifyRelease(release, {
    ...trust,
    now: createdAt,
    state: EMPTY_TRUST,
    expected: { subsystem },
  });
}
