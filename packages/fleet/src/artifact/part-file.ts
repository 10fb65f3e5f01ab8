/** A file that is being downloaded: grows at its end, knows its sha256 at any length. */
import { createHash, type Hash } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, open, rename, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { asDiskError } from "../disk-error.js";
import { syncFolder } from "../sync-folder.js";

/** One `<sha256>.part`. Its failures are named as those of the disk. */
export class PartFile {
  readonly path: string;
  #handle: FileHandle;
  #hash: Hash;
  #size = 0;
  #isMixed = false;

  private constructor(path: string, handle: FileHandle) {
    this.path = path;
    this.#handle = handle;
    this.#hash = createHash("sha256");
  }

  /**
   * Opens what an earlier run has left, or a new file. What is there is hashed once.
   *
   * @param maxSize What is longer is no part of it, and is thrown away.
   */
  static async open(path: string, maxSize: number): Promise<PartFile> {
    // Not through a symbolic link: somebody else would choose what is written to.
    const flags = constants.O_RDWR | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0);
    const part = await open(path, flags, 0o600).then(
      (handle) => new PartFile(path, handle),
      (error) => {
        throw asDiskError(error, `Cannot write "${path}"`);
      },
    );
    try {
      await part.#resume(maxSize);
      return part;
    } catch (error) {
      await part.close();
      throw error;
    }
  }

  get size(): number {
    return this.#size;
  }

  /** Whether it holds bytes of more than one answer: then a wrong sha256 says nothing of the last one. */
  get isMixed(): boolean {
    return this.#isMixed;
  }

  /** Says that what follows comes from another answer than what is there. */
  beginAnswer(): void {
    this.#isMixed = this.#size > 0;
  }

  async append(bytes: Uint8Array): Promise<void> {
    try {
      // A write may be cut short, by a full disk for one.
      for (let written = 0; written < bytes.length; ) {
        const { bytesWritten } = await this.#handle.write(
          bytes,
          written,
          bytes.length - written,
          this.#size + written,
        );
        written += bytesWritten;
      }
    } catch (error) {
      throw asDiskError(error, `Cannot write "${this.path}"`);
    }
    this.#hash.update(bytes);
    this.#size += bytes.length;
  }

  async clear(): Promise<void> {
    await this.#handle.truncate(0);
    this.#hash = createHash("sha256");
    this.#size = 0;
    this.#isMixed = false;
  }

  /** The sha256 of what is there now. */
  sha256(): string {
    return this.#hash.copy().digest("hex");
  }

  /** Forces it to disk and gives it its final name. */
  async finish(to: string): Promise<void> {
    try {
      await this.#handle.sync();
      await this.#handle.close();
      await rename(this.path, to);
      await syncFolder(dirname(to));
    } catch (error) {
      throw asDiskError(error, `Cannot write "${to}"`);
    }
  }

  async close(): Promise<void> {
    // Closed already after finish().
    await this.#handle.close().catch(() => {});
  }

  async remove(): Promise<void> {
    await this.close();
    await unlink(this.path).catch(() => {});
  }

  async #resume(maxSize: number): Promise<void> {
    const { size } = await this.#handle.stat();
    if (size > maxSize) return await this.clear();
    const buffer = Buffer.allocUnsafe(256 * 1024);
    while (this.#size < size) {
      const { bytesRead } = await this.#handle.read(buffer, 0, buffer.length, this.#size);
      if (bytesRead === 0) break;
      this.#hash.update(buffer.subarray(0, bytesRead));
      this.#size += bytesRead;
    }
  }
}
