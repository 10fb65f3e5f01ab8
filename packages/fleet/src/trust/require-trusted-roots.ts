import type { SyncConfig } from "../config/sync-config.js";
import { SyncError } from "../sync-error.js";

/**
 * Makes sure that a machine which takes releases from somewhere can believe any of them. Asked before
 * the first release is looked at, it is said once, and not once for each of them.
 *
 * @throws {SyncError} `NO_TRUSTED_ROOTS`
 */
export function requireTrustedRoots({
  trust,
  ledger,
  releases,
  path,
}: Pick<SyncConfig, "trust" | "ledger" | "releases" | "path">): void {
  if (trust.acceptUnsigned || (ledger === null && releases === null)) return;
  if (trust.roots.length > 0 && trust.threshold >= 1) return;
  throw new SyncError(
    "NO_TRUSTED_ROOTS",
    `Cannot believe any release: expected root keys under "trust.roots" in "${path}", got ${trust.roots.length}`,
  );
}
