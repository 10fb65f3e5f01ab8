import { createReadStream } from "node:fs";
import { unlink } from "node:fs/promises";
import type { ReleaseArtifact } from "@tideline/version/fleet";
import { SyncError } from "../sync-error.js";
import { inflate, PIECE_BYTES } from "./inflate.js";
import { unpackTar } from "./unpack-tar.js";
import { unpackZip } from "./unpack-zip.js";
import { writeMember } from "./write-member.js";

/**
 * Takes the one binary out of a verified archive and writes it to a path of our choosing. Archives are
 * never unpacked as trees: no name in one ever becomes a path. The file is gone again if anything is
 * wrong.
 *
 * @param options.archive Its sha256 has been verified already.
 * @param options.to The new file.
 * @param options.read Gives the archive in pieces of 16 KiB; not used for zip. @default from the disk
 * @throws {SyncError} `ARCHIVE_INVALID`, `ARCHIVE_UNSAFE`, `MEMBER_MISSING`, `SIZE_MISMATCH`,
 *   `CHECKSUM_MISMATCH`, `FORMAT_UNSUPPORTED`, `DISK_FULL`, `FOLDER_NOT_WRITABLE`
 */
export async function unpackMember({
  archive,
  artifact,
  to,
  read = (path) => createReadStream(path, { highWaterMark: PIECE_BYTES }),
}: {
  readonly archive: string;
  readonly artifact: Pick<ReleaseArtifact, "format" | "member" | "binary">;
  readonly to: string;
  readonly read?: (path: string) => AsyncIterable<Uint8Array>;
}): Promise<void> {
  const { format, member, binary } = artifact;
  try {
    switch (format) {
      case "raw":
        return await writeMember(read(archive), binary, to);
      case "gz":
        return await writeMember(inflate(read(archive)), binary, to);
      case "tar.gz":
        return await unpackTar(read(archive), requireName(member), binary, to);
      case "zip":
        return await unpackZip(archive, requireName(member), binary, to);
      default:
        throw new SyncError(
          "FORMAT_UNSUPPORTED",
          `Cannot unpack: expected tar.gz, zip, gz or raw, got "${format satisfies never}"`,
        );
    }
  } catch (error) {
    await unlink(to).catch(() => {});
    throw error;
  }
}

function requireName(member: string | null): string {
  if (member !== null) return member;
  const message = "Cannot unpack: expected the manifest to name a member, got none";
  throw new SyncError("MEMBER_MISSING", message);
}
