import { chmod, lstat, readdir, rename, unlink } from "node:fs/promises";
import { join } from "node:path";
import { makeFolder } from "../make-folder.js";
import { syncFile } from "../swap/sync-file.js";
import { SyncError } from "../sync-error.js";
import { syncFolder } from "../sync-folder.js";
import { download } from "./download.js";
import type { FetchRequest, StagedBinary } from "./fetch-request.js";
import { hashFile } from "./hash-file.js";
import { unpackMember } from "./unpack-member.js";

/**
 * Brings the binary of a release into the staging folder: downloads its file, verifies size and
 * sha256, takes the one member out of it, verifies that too. A file has its final name, which is its
 * sha256, only after it was verified and forced to disk. Nothing outside the staging folder is written.
 *
 * May be repeated after a crash at any moment: what was verified is not fetched again, what was half
 * fetched is continued. What an earlier run has left of another release is removed first.
 *
 * Takes no lock: one call a staging folder at a time.
 *
 * @throws {SyncError} One of the reasons under "Download and archive"; what is then left in the folder
 *   is at most one `.part`, to be continued.
 * @throws The signal's reason when it aborts.
 */
export async function fetchBinary(request: FetchRequest): Promise<StagedBinary> {
  const { artifact, stagingFolder, signal } = request;
  signal.throwIfAborted();
  const archive = join(stagingFolder, artifact.sha256);
  const binary = join(stagingFolder, artifact.binary.sha256);
  await openStaging(stagingFolder);
  await sweepStaging(stagingFolder, [artifact.sha256, artifact.binary.sha256]);

  if (!(await isWhole(binary, artifact.binary))) {
    if (!(await isWhole(archive, artifact))) await download(request, archive);
    signal.throwIfAborted();
    if (archive !== binary) await unpack(request, archive, binary);
    else await requireSize(archive, artifact.binary.size);
  }
  await chmod(binary, 0o755);
  await syncFile(binary);
  if (archive !== binary) await unlink(archive).catch(() => {});
  await syncFolder(stagingFolder);
  return { path: binary };
}

/**
 * Removes what earlier runs have left in a staging folder: files named by a sha256, whole or `.part`.
 * Others are none of ours and stay.
 *
 * @param keep sha256 whose files stay, whole or in part.
 */
export async function sweepStaging(
  stagingFolder: string,
  keep: readonly string[] = [],
): Promise<void> {
  const names = await readdir(stagingFolder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  for (const name of names) {
    const sha256 = /^([0-9a-f]{64})(\.part)?$/.exec(name)?.[1];
    if (sha256 === undefined || keep.includes(sha256)) continue;
    await unlink(join(stagingFolder, name)).catch(() => {});
  }
}

async function openStaging(folder: string): Promise<void> {
  await makeFolder(folder, 0o700);
  if ((await lstat(folder)).isDirectory()) return;
  throw new SyncError(
    "FOLDER_NOT_WRITABLE",
    `Cannot stage in "${folder}": expected a folder, got something else`,
  );
}

async function unpack({ artifact }: FetchRequest, archive: string, binary: string): Promise<void> {
  try {
    await unpackMember({ archive, artifact, to: `${binary}.part` });
  } catch (error) {
    // It was what was signed, and still is of no use; or the disk is full, and this frees it.
    await unlink(archive).catch(() => {});
    throw error;
  }
  await rename(`${binary}.part`, binary);
}

/** Whether a file has the bytes that its name promises; one that has not is removed. */
async function isWhole(
  path: string,
  { size, sha256 }: { readonly size: number; readonly sha256: string },
): Promise<boolean> {
  const found = await hashFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  if (found === null) return false;
  if (found.size === size && found.sha256 === sha256) return true;
  await unlink(path);
  return false;
}

async function requireSize(path: string, size: number): Promise<void> {
  const found = (await lstat(path)).size;
  if (found === size) return;
  await unlink(path);
  const message = `Cannot stage "${path}": expected a binary of ${size} bytes, got ${found}`;
  throw new SyncError("SIZE_MISMATCH", message);
}
