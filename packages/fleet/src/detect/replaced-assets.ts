import type { SeenAsset } from "./upstream-memory.js";
import type { UpstreamAsset } from "./upstream-release.js";

/** A file that is not what it was. */
export interface ReplacedAsset {
  readonly name: string;
  readonly was: string;
  readonly now: string | null;
}

/**
 * Gives the files of a release that were replaced or removed since they were seen first.
 *
 * By digest; where the host tells none, by the file's id, which a new upload changes. The same bytes
 * uploaded again are the same file; a file that is added later is none that was replaced.
 */
export function replacedAssets(
  seen: Readonly<Record<string, SeenAsset>>,
  assets: readonly UpstreamAsset[],
): ReplacedAsset[] {
  const replaced: ReplacedAsset[] = [];
  for (const [name, was] of Object.entries(seen)) {
    const now = assets.find((asset) => asset.name === name);
    if (now === undefined) replaced.push({ name, was: nameOf(was), now: null });
    else if (!isSame(was, now)) replaced.push({ name, was: nameOf(was), now: nameOf(now) });
  }
  return replaced;
}

function isSame(was: SeenAsset, now: SeenAsset): boolean {
  if (was.size !== now.size) return false;
  if (was.digest !== null && now.digest !== null) return was.digest === now.digest;
  return was.id === now.id;
}

function nameOf({ id, size, digest }: SeenAsset): string {
  return digest ?? `upload ${id} of ${size} bytes`;
}
