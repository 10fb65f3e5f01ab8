import {
  MAX_SEQ,
  parseSignedRelease,
  type ReleaseManifest,
  type SignedRelease,
} from "@tideline/version/fleet";
import type { HostRelease } from "../publish/host-shapes.js";
import { signedFileName } from "../publish/known-releases.js";
import type { ReleaseHost } from "../publish/release-host.js";
import { readMarker } from "../publish/release-marker.js";

/** Longer than any signed release may be. */
const MAX_SIGNED_BYTES = 512 * 1024;

/** A release with what its signatures cover. */
export interface NewestRelease {
  readonly release: SignedRelease;
  readonly manifest: ReleaseManifest;
}

/**
 * Finds the newest release of a subsystem on the release host that this machine would believe; null
 * if there is none. The order is that of the signed `seq`; the line in a release's notes only says
 * where to look first, and a release that claims more than it can prove is left out.
 *
 * @param verify Gives the manifest, or throws why it is not believed.
 * @param log Hears which were left out, and why.
 * @throws {SyncError} What the host throws; a listing that was cut off is no listing.
 */
export async function readNewestRelease(
  subsystem: string,
  host: ReleaseHost,
  verify: (release: SignedRelease) => ReleaseManifest,
  log: (line: string) => void,
): Promise<NewestRelease | null> {
  const name = signedFileName(subsystem);
  const published = (await host.list())
    .filter(({ isDraft, assets }) => !isDraft && assets.some((asset) => asset.name === name))
    .sort((a, b) => claimOf(b, subsystem) - claimOf(a, subsystem));
  let newest: NewestRelease | null = null;
  for (const { tag, assets, notes } of published) {
    if (newest !== null && claimOf({ notes }, subsystem) <= newest.manifest.seq) break;
    const file = assets.find((asset) => asset.name === name);
    if (file === undefined || !file.isUploaded) continue;
    const bytes = await host.download(file.id, MAX_SIGNED_BYTES);
    if (bytes === null) continue;
    try {
      const release = parseSignedRelease(bytes.toString());
      const manifest = verify(release);
      if (newest === null || manifest.seq > newest.manifest.seq) newest = { release, manifest };
    } catch (error) {
      log(`Release ${tag} is left out: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return newest;
}

/** What a release says of its number; one that has lost its line could be the newest. */
function claimOf({ notes }: Pick<HostRelease, "notes">, subsystem: string): number {
  const marker = readMarker(notes);
  return marker?.subsystem === subsystem ? marker.seq : MAX_SEQ + 1;
}
