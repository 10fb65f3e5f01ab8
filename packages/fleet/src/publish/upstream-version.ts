import type { SubsystemConfig } from "../config/sync-config.js";
import type { UpstreamVersion } from "../detect/upstream-finding.js";
import { SyncError } from "../sync-error.js";

// A manifest's version has no slash, and no other character that a file name may not have.
const VERSION = /^[0-9A-Za-z][0-9A-Za-z.+_~-]{0,127}$/;

/**
 * Gives the version of a release by the upstream that it is built from: the tag without its prefix,
 * or the first 12 digits of the commit where a branch is followed.
 *
 * @throws {SyncError} `VERSION_UNREADABLE` if a tag gives none that a manifest can hold.
 */
export function versionOfUpstream(
  { name, upstream }: SubsystemConfig,
  { tag, commit }: UpstreamVersion,
): string {
  if (tag === null) return commit.slice(0, 12);
  const prefix = upstream?.tagPrefix ?? "v";
  const version = tag.startsWith(prefix) ? tag.slice(prefix.length) : tag;
  if (VERSION.test(version)) return version;
  throw new SyncError(
    "VERSION_UNREADABLE",
    `Cannot name a release of ${name}: expected a version after "${prefix}", got tag "${tag}"`,
  );
}
