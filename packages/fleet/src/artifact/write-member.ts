import { createHash } from "node:crypto";
import { open, unlink } from "node:fs/promises";
import type { ReleaseArtifact } from "@tideline/version/fleet";
import { asDiskError } from "../disk-error.js";
import { SyncError } from "../sync-error.js";

/**
 * Writes the bytes of a binary to a new file, mode 0755 whatever the archive says, forced to disk.
 * Takes not one byte more than the manifest's size, and hashes on the way.
 *
 * @param pieces What the archive unpacks to; is ended at the first byte too many.
 * @throws {SyncError} `SIZE_MISMATCH`, `CHECKSUM_MISMATCH`, `DISK_FULL`, `FOLDER_NOT_WRITABLE`
 */
export async function writeMember(
  pieces: AsyncIterable<Uint8Array>,
  { size, sha256 }: ReleaseArtifact["binary"],
  to: string,
): Promise<void> {
  const hash = createHash("sha256");
  let written = 0;
  // What an interrupted run has left under this name goes first; "wx" follows no symbolic link.
  await unlink(to).catch(() => {});
  const handle = await open(to, "wx", 0o700).catch((error) => {
    throw asDiskError(error, `Cannot write "${to}"`);
  });
  try {
    for await (const piece of pieces) {
      if (written + piece.length > size) {
        throw new SyncError("SIZE_MISMATCH", `Cannot unpack: expected ${size} bytes, got more`);
      }
      hash.update(piece);
      await handle.writeFile(piece).catch((error) => {
        throw asDiskError(error, `Cannot write "${to}"`);
      });
      written += piece.length;
    }
    if (written < size) {
      throw new SyncError("SIZE_MISMATCH", `Cannot unpack: expected ${size} bytes, got ${written}`);
    }
    const found = hash.digest("hex");
    if (found !== sha256) {
      const message = `Cannot unpack: expected a binary of sha256 ${sha256}, got "${found}"`;
      throw new SyncError("CHECKSUM_MISMATCH", message);
    }
    await handle.chmod(0o755);
    await handle.sync().catch((error) => {
      throw asDiskError(error, `Cannot write "${to}"`);
    });
  } finally {
    await handle.close();
  }
}
