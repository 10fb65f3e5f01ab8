import type { ReleaseManifest } from "@tideline/version/fleet";
import { readKnown } from "./publish-release.js";
import type { Publication, PublishDeps } from "./publish-request.js";
import { releaseTag } from "./release-names.js";
import { requireServed } from "./resolve-content.js";
import { tellLedger } from "./tell-ledger.js";

/**
 * Gives the newest release if it was built from this very commit, and makes sure that the ledger knows
 * it; null if it has to be built.
 *
 * @throws {SyncError} What reading the release host and telling the ledger throw.
 */
export async function findBuilt(
  subsystem: string,
  version: string,
  upstream: ReleaseManifest["upstream"],
  deps: PublishDeps,
): Promise<Publication | null> {
  const { newest, highestSeq } = await readKnown(subsystem, deps);
  if (newest === null || newest.manifest.seq < highestSeq) return null;
  const { manifest, signed, host } = newest;
  const isSame = manifest.version === version && manifest.upstream?.oid === upstream?.oid;
  if (!isSame || upstream === null) return null;
  await requireServed(newest, { ...deps, subsystem, targets: null });
  deps.log(`${subsystem} ${version} was built and published already, as release ${manifest.seq}`);
  const ledger = await tellLedger(signed, manifest, deps);
  const tag = host?.tag ?? releaseTag(subsystem, version, null);
  const page = host?.page ?? null;
  return {
    subsystem,
    seq: manifest.seq,
    version,
    tag,
    page,
    manifest,
    signed,
    isNew: false,
    ledger,
  };
}
