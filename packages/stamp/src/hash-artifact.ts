/**
 * Identity of what is served: a hash of all files of an artifact, without the stamp itself. Two
 * commits with the same bytes are therefore the same build, and one more public variable, which
 * ends in some file, is another.
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type BuildId, parseBuildId } from "@tideline/version";
import { withoutStampTags } from "./html-stamp.js";
import { listFiles } from "./list-files.js";
import { VERSION_FILE_NAME } from "./version-file.js";

/** One file of an artifact. */
export interface ArtifactFile {
  /** Relative to the artifact's folder, with `/` on every system. */
  readonly path: string;
  readonly bytes: string | Uint8Array;
}

/**
 * Gives the build id of an artifact held in memory: 16 hex digits of the SHA-256 over its files,
 * in the order of their paths. The `version.json` at the top and the stamps in HTML do not count.
 *
 * @param options.ignore Paths that do not count either.
 */
export function hashFiles(
  files: Iterable<ArtifactFile>,
  options: { readonly ignore?: (path: string) => boolean } = {},
): BuildId {
  const digests: [path: string, digest: string][] = [];
  for (const { path, bytes } of files) {
    if (path === VERSION_FILE_NAME || options.ignore?.(path)) continue;
    digests.push([path, hashFile(path, bytes)]);
  }
  digests.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  // JSON, so that no two different lists have the same text.
  const digest = createHash("sha256").update(JSON.stringify(digests)).digest("hex");
  return parseBuildId(digest.slice(0, 16));
}

/**
 * Gives the build id of an artifact on disk, see {@link hashFiles}.
 *
 * @throws {Error} If the folder or a file in it cannot be read.
 */
export async function hashArtifact(
  folder: string,
  options: { readonly ignore?: (path: string) => boolean } = {},
): Promise<BuildId> {
  const files: ArtifactFile[] = [];
  for (const path of await listFiles(folder)) {
    if (path === VERSION_FILE_NAME || options.ignore?.(path)) continue;
    files.push({ path, bytes: await readFile(join(folder, path)) });
  }
  return hashFiles(files, {});
}

function hashFile(path: string, bytes: string | Uint8Array): string {
  const content = /\.html?$/i.test(path)
    ? withoutStampTags(typeof bytes === "string" ? bytes : new TextDecoder().decode(bytes))
    : bytes;
  return createHash("sha256").update(content).digest("hex");
}
