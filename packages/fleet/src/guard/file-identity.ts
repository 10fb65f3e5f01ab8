import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";

/**
 * Gives a function that says a file's sha256, and reads it again only when it is another file than
 * before; null if there is none. At once, since whoever asks for a service's state gets no promise.
 */
export function fileIdentity(path: string): () => string | null {
  let last = { key: "", sha256: "" };
  return () => {
    try {
      const { ino, size, mtimeMs, ctimeMs } = statSync(path);
      const key = `${ino} ${size} ${mtimeMs} ${ctimeMs}`;
      if (key !== last.key) {
        const sha256 = createHash("sha256").update(readFileSync(path)).digest("hex");
        last = { key, sha256 };
      }
      return last.sha256;
    } catch {
      return null;
    }
  };
}
