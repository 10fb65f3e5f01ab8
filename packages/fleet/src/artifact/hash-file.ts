import { createHash } from "node:crypto";
import { open } from "node:fs/promises";

/**
 * Gives the sha256 (hex) and the length of a file, as read from one open descriptor.
 *
 * @throws What `open` throws, `ENOENT` among it.
 */
export async function hashFile(path: string): Promise<{ sha256: string; size: number }> {
  const hash = createHash("sha256");
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  const handle = await open(path, "r");
  try {
    let size = 0;
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, CHUNK_BYTES, size);
      if (bytesRead === 0) return { sha256: hash.digest("hex"), size };
      hash.update(buffer.subarray(0, bytesRead));
      size += bytesRead;
    }
  } finally {
    await handle.close();
  }
}

// Larger ones gain nothing, and the event loop would stand still for longer.
const CHUNK_BYTES = 1024 * 1024;
