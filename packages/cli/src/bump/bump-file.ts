import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomically } from "@tideline/stamp";
import { type BumpLevel, bumpVersion } from "@tideline/version/bump";
import { CommandError } from "../command-error.js";
import type { Git } from "../git/git.js";
import type { VersionSettings } from "../versions/version-settings.js";
import { readVersionText, writeVersionText } from "../versions/version-text.js";

/** What became of a version file. */
export interface BumpedFile {
  readonly version: string;
  readonly previous: string;
  /** From the settings' root. */
  readonly path: string;
}

/**
 * Raises the version of the file in the working tree; the old text or the new one is there at any
 * moment. Commits nothing.
 *
 * @throws {CommandError} `usage`, if there is no version file, or a broken one; `failed`, if it
 *   cannot be written.
 */
export async function bumpFile(
  git: Git,
  { root, versionFiles }: VersionSettings,
  level: BumpLevel,
  options: { readonly now: number; readonly isDryRun: boolean },
): Promise<BumpedFile> {
  const [path, text] = await findFile(root, versionFiles);
  const previous = readVersionText(text, path);
  const version = bumpVersion(previous, level);
  const head = await git(["rev-parse", "--verify", "--quiet", "HEAD^{commit}"]);
  const parent = head.ok ? head.stdout.trim() : null;
  if (!options.isDryRun) {
    const next = writeVersionText(text, path, { version, parent, now: options.now });
    await writeFileAtomically(join(root, path), next).catch((cause: NodeJS.ErrnoException) => {
      throw new CommandError("failed", `Cannot write "${path}": ${cause.message}`, { cause });
    });
  }
  return { version, previous, path };
}

async function findFile(root: string, files: readonly string[]): Promise<[string, string]> {
  for (const file of files) {
    try {
      return [file, await readFile(join(root, file), "utf8")];
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      if (code === "ENOENT" || code === "ENOTDIR") continue;
      throw new CommandError("usage", `Cannot read the version file "${file}": ${code}`, { cause });
    }
  }
  throw new CommandError(
    "usage",
    `Cannot bump: expected the version file ${files.map((file) => `"${file}"`).join(" or ")} in "${root}", found none; begin with {"version": "0.1.0"}`,
  );
}
