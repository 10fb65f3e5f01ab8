import type { ReleaseArtifact } from "@tideline/version/fleet";
import { createTarDecoder, type ParsedTarEntry } from "modern-tar";
import { SyncError } from "../sync-error.js";
import { asArchiveError, inflate, tooLarge } from "./inflate.js";
import { requireSafeEntry } from "./safe-member.js";
import { writeMember } from "./write-member.js";

/**
 * Takes one regular file out of a tar.gz and looks at every other entry without writing it. The whole
 * archive is read: a second entry of that name would be another answer to what the manifest means.
 *
 * @param pieces The archive, in small pieces.
 * @throws {SyncError} `ARCHIVE_INVALID`, `ARCHIVE_UNSAFE`, `MEMBER_MISSING`, and those of {@link writeMember}.
 */
export async function unpackTar(
  pieces: AsyncIterable<Uint8Array>,
  member: string,
  binary: ReleaseArtifact["binary"],
  to: string,
): Promise<void> {
  const decoder = createTarDecoder({ strict: true });
  // Its failure is kept until somebody looks: it may come while the loop below waits for the disk, and
  // a rejection that nobody has taken yet would end the process.
  const maxBytes = maxUnpackedBytes(binary.size);
  const feeding = feed(inflate(pieces, maxBytes), decoder.writable).then(
    () => null,
    (error: unknown) => ({ error }),
  );
  let found = 0;
  let entries = 0;
  let announced = 0;
  try {
    for await (const entry of decoder.readable as unknown as AsyncIterable<ParsedTarEntry>) {
      if (++entries > MAX_ENTRIES) throw tooMany();
      const { name, size, type = "file", mode = null } = entry.header;
      const kind = type === "file" || type === "directory" ? type : "other";
      requireSafeEntry({ name, type: kind, typeName: type, mode });
      if (name !== member) {
        announced += size;
        // Its header says so: not one byte of it has to be unpacked for that.
        if (announced > maxBytes) throw tooLarge(maxBytes);
        await entry.body.cancel();
        continue;
      }
      requireMember({ name, isFile: kind === "file", size, count: ++found }, binary);
      await writeMember(entry.body as unknown as AsyncIterable<Uint8Array>, binary, to);
    }
    const failed = await feeding;
    if (failed !== null) throw failed.error;
  } catch (error) {
    throw asArchiveError(error);
  }
  if (found === 0) throw missing(member, entries);
}

async function feed(
  pieces: AsyncIterable<Uint8Array>,
  writable: WritableStream<Uint8Array>,
): Promise<void> {
  const writer = writable.getWriter();
  try {
    for await (const piece of pieces) await writer.write(piece);
    await writer.close();
  } catch (error) {
    await writer.abort(error).catch(() => {});
    throw error;
  }
}

/** What is demanded of the entry that has the wanted name. */
export function requireMember(
  { name, isFile, size, count }: { name: string; isFile: boolean; size: number; count: number },
  binary: ReleaseArtifact["binary"],
): void {
  if (!isFile) throw new SyncError("ARCHIVE_UNSAFE", `Cannot unpack "${name}": expected a file`);
  if (count > 1) {
    throw new SyncError("ARCHIVE_UNSAFE", `Cannot unpack "${name}": expected one entry, got two`);
  }
  if (size !== binary.size) {
    const message = `Cannot unpack "${name}": expected ${binary.size} bytes, got ${size}`;
    throw new SyncError("SIZE_MISMATCH", message);
  }
}

/** Says that an archive has no entry of the wanted name. */
export function missing(member: string, entries: number): SyncError {
  const message = `Cannot unpack "${member}": expected an entry of exactly that name, got ${entries} others`;
  return new SyncError("MEMBER_MISSING", message);
}

/** Says that an archive has more entries than anybody packs. */
export function tooMany(): SyncError {
  const message = `Cannot unpack: expected at most ${MAX_ENTRIES} entries, got more`;
  return new SyncError("ARCHIVE_UNSAFE", message);
}

/** More than that is no package of one binary. */
export const MAX_ENTRIES = 10_000;

/** What an archive may unpack to in all: the binary, what belongs to it, and the archive's own blocks. */
export function maxUnpackedBytes(size: number): number {
  return 4 * size + 64 * 1024 * 1024;
}
