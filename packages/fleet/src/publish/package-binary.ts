/** Makes the file of a release out of one binary: always the same bytes for the same binary. */
import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { ReleaseArtifact } from "@tideline/version/fleet";
import { packTar } from "modern-tar";
import type { PackageMember } from "./package-member.js";
import { writeZip } from "./write-zip.js";

/** The time of every member: zip knows none before, and tar warns of 1970. */
const MEMBER_TIME = new Date("1980-01-01T00:00:00Z");
// RFC 1952, 2.3.1: where it was made. zlib writes the machine's own, so that a mac's file would differ.
const GZIP_OS = 9;
const UNKNOWN_OS = 255;

/** One packaged binary. */
export interface PackagedBinary {
  readonly bytes: Buffer;
  readonly size: number;
  readonly sha256: string;
  readonly format: ReleaseArtifact["format"];
  /** The member that is the binary; null where the file holds nothing else. */
  readonly member: string | null;
  readonly binary: ReleaseArtifact["binary"];
}

/** What goes into a package. */
export interface PackageInput {
  readonly format: ReleaseArtifact["format"];
  /** The binary's name in it. */
  readonly member: string;
  readonly binary: Buffer;
  /** The text of `.version`, packed beside the binary where the format has room; null for none. */
  readonly versionFile: string | null;
}

/**
 * Packages a binary, and nothing beside it but its `.version`.
 *
 * The bytes depend on the input and on the version of zlib alone: no time, owner, folder or umask.
 * For that of deflate, use the same Node on all machines that publish.
 */
export async function packageBinary(input: PackageInput): Promise<PackagedBinary> {
  const { format, member, binary, versionFile } = input;
  const members: PackageMember[] = [{ name: member, mode: 0o755, bytes: binary }];
  if (versionFile !== null) {
    members.push({ name: ".version", mode: 0o644, bytes: Buffer.from(versionFile) });
  }
  const bytes = await pack(format, binary, members);
  return {
    ...{ bytes, size: bytes.length, sha256: sha256Of(bytes), format },
    member: format === "tar.gz" || format === "zip" ? member : null,
    binary: { size: binary.length, sha256: sha256Of(binary) },
  };
}

async function pack(
  format: PackageInput["format"],
  binary: Buffer,
  members: readonly PackageMember[],
): Promise<Buffer> {
  switch (format) {
    case "raw":
      return binary;
    case "gz":
      return await compress(binary);
    case "tar.gz":
      return await compress(await writeTar(members));
    case "zip":
      return await writeZip(members);
    default:
      throw new TypeError(
        `Cannot package: expected a known format, got "${format satisfies never}"`,
      );
  }
}

async function writeTar(members: readonly PackageMember[]): Promise<Uint8Array> {
  return await packTar(
    members.map(({ name, mode, bytes }) => ({
      header: {
        ...{ name, mode, size: bytes.length, type: "file", mtime: MEMBER_TIME },
        ...{ uid: 0, gid: 0, uname: "", gname: "" },
      },
      body: bytes,
    })),
  );
}

async function compress(bytes: Uint8Array): Promise<Buffer> {
  const packed = await promisify(gzip)(bytes, { level: 9 });
  packed[GZIP_OS] = UNKNOWN_OS;
  return packed;
}

/** The sha256 of some bytes; 64 hex digits in lower case. */
export function sha256Of(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
