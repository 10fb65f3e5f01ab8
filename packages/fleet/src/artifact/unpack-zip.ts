import type { ReleaseArtifact } from "@tideline/version/fleet";
import yauzl from "yauzl";
import { SyncError } from "../sync-error.js";
import { asArchiveError } from "./inflate.js";
import { type ArchiveEntry, requireSafeEntry } from "./safe-member.js";
import { MAX_ENTRIES, missing, requireMember, tooMany } from "./unpack-tar.js";
import { writeMember } from "./write-member.js";

/**
 * Takes one regular file out of a zip, with the rules of {@link unpackTar}. First every entry of the
 * directory is looked at, then the one is unpacked.
 *
 * @throws {SyncError} As `unpackTar`; `FORMAT_UNSUPPORTED` for what is neither stored nor deflated.
 */
export async function unpackZip(
  archive: string,
  member: string,
  binary: ReleaseArtifact["binary"],
  to: string,
): Promise<void> {
  try {
    const zip = await yauzl.openPromise(archive, {
      autoClose: false,
      lazyEntries: true,
      // Names are looked at as they are stored: else a backslash would have become a slash by then.
      decodeStrings: false,
      validateEntrySizes: true,
    });
    try {
      await unpack(zip, member, binary, to);
    } finally {
      zip.close();
    }
  } catch (error) {
    throw asArchiveError(error);
  }
}

async function unpack(
  zip: yauzl.ZipFile,
  member: string,
  binary: ReleaseArtifact["binary"],
  to: string,
): Promise<void> {
  if (zip.entryCount > MAX_ENTRIES) throw tooMany();
  let wanted: yauzl.Entry | null = null;
  let count = 0;
  for await (const entry of zip.eachEntry()) {
    const described = describe(entry);
    requireSafeEntry(described);
    if (described.name !== member) continue;
    const isFile = described.type === "file";
    requireMember({ name: member, isFile, size: entry.uncompressedSize, count: ++count }, binary);
    wanted = entry;
  }
  if (wanted === null) throw missing(member, zip.entryCount);
  if (wanted.isEncrypted() || !wanted.canDecodeFileData()) {
    const how = wanted.isEncrypted() ? "encryption" : `method ${wanted.compressionMethod}`;
    const message = `Cannot unpack "${member}": expected a stored or deflated entry, got ${how}`;
    throw new SyncError("FORMAT_UNSUPPORTED", message);
  }
  await writeMember(await zip.openReadStreamPromise(wanted), binary, to);
}

function describe(entry: yauzl.Entry): ArchiveEntry {
  const { generalPurposeBitFlag, fileNameRaw, extraFields, externalFileAttributes } = entry;
  // Strict: yauzl changes nothing in the name, and leaves the judgement to requireSafeEntry().
  const name = yauzl.getFileNameLowLevel(generalPurposeBitFlag, fileNameRaw, extraFields, true);
  // APPNOTE 4.4.15, as Info-ZIP fills it: the mode of stat() in the upper half, 0 if made elsewhere.
  const mode = externalFileAttributes >>> 16;
  const isFolder = name.endsWith("/");
  switch (mode & S_IFMT) {
    case 0:
      return { name, type: isFolder ? "directory" : "file", typeName: "file", mode };
    case S_IFREG:
      return {
        name,
        type: isFolder ? "other" : "file",
        typeName: "file with a folder's name",
        mode,
      };
    case S_IFDIR:
      return { name, type: "directory", typeName: "directory", mode };
    default:
      return { name, type: "other", typeName: `file of type ${(mode & S_IFMT).toString(8)}`, mode };
  }
}

const S_IFMT = 0o170000;
const S_IFREG = 0o100000;
const S_IFDIR = 0o040000;
