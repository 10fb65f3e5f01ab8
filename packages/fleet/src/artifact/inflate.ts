import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { SyncError } from "../sync-error.js";

/**
 * Unpacks gzip piece by piece: at most one small piece is in memory at either side, whatever the ratio.
 *
 * @param pieces The packed bytes, in pieces of at most some 16 KiB.
 * @param maxBytes More than that is refused. @default no limit: the reader has one of its own
 * @throws {SyncError} `ARCHIVE_INVALID` for what is no gzip or ends early, `ARCHIVE_UNSAFE` beyond `maxBytes`.
 */
export async function* inflate(
  pieces: AsyncIterable<Uint8Array>,
  maxBytes = Number.POSITIVE_INFINITY,
): AsyncGenerator<Uint8Array, void, void> {
  const source = Readable.from(pieces, { objectMode: true, highWaterMark: 1 });
  const gunzip = createGunzip({ chunkSize: PIECE_BYTES });
  // Its failures come out of the loop below; without a callback they would end the process.
  pipeline(source, gunzip, () => {});
  let total = 0;
  try {
    for await (const piece of gunzip as AsyncIterable<Uint8Array>) {
      total += piece.length;
      if (total > maxBytes) throw tooLarge(maxBytes);
      yield piece;
    }
  } catch (error) {
    throw asArchiveError(error);
  }
}

/** Says that an archive unpacks to more than anybody packs. */
export function tooLarge(maxBytes: number): SyncError {
  const message = `Cannot unpack: expected at most ${maxBytes} bytes in all, got more`;
  return new SyncError("ARCHIVE_UNSAFE", message);
}

/** Names what a decoder refused; what has a name already comes back as it is. */
export function asArchiveError(error: unknown): unknown {
  if (error instanceof SyncError || isOfTheSystem(error)) return error;
  const { message } = error as Error;
  return new SyncError(
    "ARCHIVE_INVALID",
    `Cannot unpack: expected a whole archive, but ${message}`,
    {
      cause: error,
    },
  );
}

function isOfTheSystem(error: unknown): boolean {
  return typeof (error as NodeJS.ErrnoException).syscall === "string";
}

/** Bytes that are packed or unpacked at a time. */
export const PIECE_BYTES = 16 * 1024;
