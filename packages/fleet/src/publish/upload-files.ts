/** Brings the files of a draft to the release host, and back again to see that they are the same. */
import { SyncError } from "../sync-error.js";
import type { HostAsset, HostRelease } from "./host-shapes.js";
import { sha256Of } from "./package-binary.js";
import type { PublishDeps } from "./publish-request.js";

const UPLOADS = 3;

/** A file of a release. */
export interface ReleaseFile {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly sha256: string;
}

/**
 * Makes a draft's files exactly these: what an earlier run has uploaded whole is kept, half of one is
 * replaced, and what does not belong is removed.
 *
 * @throws {SyncError} `READ_BACK_FAILED` if the host says it has got something else.
 */
export async function uploadFiles(
  draft: HostRelease,
  files: readonly ReleaseFile[],
  deps: PublishDeps,
): Promise<void> {
  const { host, atStep } = deps;
  for (const asset of draft.assets) {
    const file = files.find(({ name }) => name === asset.name);
    if (file === undefined || !isSame(asset, file)) await host.deleteAsset(asset.id);
  }
  for (const file of files) {
    const isThere = draft.assets.some((asset) => asset.name === file.name && isSame(asset, file));
    if (isThere) continue;
    await upload(draft, file, deps);
    await atStep?.("file-uploaded");
  }
  await atStep?.("all-uploaded");
}

/**
 * Reads every file back, byte for byte. One that differs is removed, so that the next run uploads it.
 *
 * @returns The files as the host has them.
 * @throws {SyncError} `READ_BACK_FAILED`
 */
export async function readBack(
  draft: HostRelease,
  files: readonly ReleaseFile[],
  { host }: PublishDeps,
): Promise<readonly HostAsset[]> {
  const release = await host.read(draft.id);
  if (release === null) {
    throw new SyncError(
      "PUBLISH_CONFLICT",
      `Cannot publish ${draft.tag}: expected its draft, got none any more; another publisher was faster`,
    );
  }
  const extra = release.assets.find(({ name }) => !files.some((file) => file.name === name));
  if (extra !== undefined) throw failed(draft, "no other file", extra.name);
  for (const file of files) {
    const asset = release.assets.find(({ name }) => name === file.name);
    if (asset === undefined) throw failed(draft, file.name, "no such file");
    const bytes = await host.download(asset.id, file.bytes.length);
    const sha256 = bytes === null ? "nothing" : sha256Of(bytes);
    if (sha256 === file.sha256) continue;
    await host.deleteAsset(asset.id);
    throw failed(draft, `${file.name} with sha256 ${file.sha256}`, sha256);
  }
  return release.assets;
}

/**
 * Makes sure that a release which is public now has the very files that were read back, under the
 * addresses that were signed.
 *
 * @throws {SyncError} `READ_BACK_FAILED` if one was replaced in between.
 */
export async function requireSameFiles(
  release: HostRelease,
  before: readonly HostAsset[],
  urlOf: (fileName: string) => string,
): Promise<void> {
  for (const { id, name, size, digest } of before) {
    const after = release.assets.find((asset) => asset.name === name);
    if (after?.id !== id || after.size !== size || after.digest !== digest) {
      throw failed(release, `the ${name} that was read back`, "another one");
    }
    if (after.downloadUrl !== urlOf(name)) {
      throw failed(release, `${name} at ${urlOf(name)}`, after.downloadUrl);
    }
  }
  if (release.assets.length !== before.length) {
    throw failed(release, `${before.length} files`, `${release.assets.length}`);
  }
}

async function upload(draft: HostRelease, file: ReleaseFile, deps: PublishDeps): Promise<void> {
  const { host, log } = deps;
  for (let attempt = 1; ; attempt++) {
    try {
      const asset = await host.upload(draft, file.name, file.bytes);
      if (isSame(asset, file)) return;
      await host.deleteAsset(asset.id);
      throw failed(
        draft,
        `${file.name} with sha256 ${file.sha256}`,
        `${asset.name}, ${asset.digest}`,
      );
    } catch (error) {
      const isCut = error instanceof SyncError && error.reason === "HOST_UNREACHABLE";
      if (!isCut || attempt === UPLOADS) throw error;
      // Nobody knows how much of it arrived; half a file blocks its name.
      const now = await host.read(draft.id);
      const there = now?.assets.find(({ name }) => name === file.name);
      if (there !== undefined && isSame(there, file)) return;
      if (there !== undefined) await host.deleteAsset(there.id);
      log(`${file.name} is uploaded again: ${error.message}`);
    }
  }
}

/** What the host says of a file; what it really serves is read back later. */
function isSame({ name, size, isUploaded, digest }: HostAsset, file: ReleaseFile): boolean {
  const isDigest = digest === null || digest === `sha256:${file.sha256}`;
  return name === file.name && isUploaded && size === file.bytes.length && isDigest;
}

function failed({ tag }: HostRelease, expected: string, found: string): SyncError {
  return new SyncError(
    "READ_BACK_FAILED",
    `Cannot publish ${tag}: expected ${expected} on the release host, got "${found}"`,
  );
}
