import { shortCommit } from "@tideline/version";
import { CommandError } from "../command-error.js";
import type { Git } from "../git/git.js";
import type { VersionSettings } from "./version-settings.js";
import { readVersionText } from "./version-text.js";

/** A version file as a commit has it. */
export interface CommittedVersion {
  readonly version: string;
  /** From the repository's top. */
  readonly path: string;
  readonly text: string;
}

/**
 * Reads the version that a commit has.
 *
 * @param doing What the sentence says could not be done, for example `"bump"`.
 * @param where What the sentence calls the commit, for example `main of origin`.
 * @throws {CommandError} `usage`, if the commit has no version file, or a broken one.
 */
export async function versionAt(
  git: Git,
  commit: string,
  { prefix, versionFiles }: VersionSettings,
  { doing, where }: { readonly doing: string; readonly where: string },
): Promise<CommittedVersion> {
  const paths = versionFiles.map((file) => `${prefix}${file}`);
  const { stdout: listing } = await git(["ls-tree", "-z", "--full-tree", commit, "--", ...paths]);
  const entries = new Map(
    listing.split("\0").map((line) => {
      const [entry = "", name = ""] = line.split("\t", 2);
      return [name, entry.split(" ")] as const;
    }),
  );
  for (const path of paths) {
    const [mode, , id] = entries.get(path) ?? [];
    if (mode === undefined || id === undefined) continue;
    if (!mode.startsWith("100")) {
      throw new CommandError(
        "usage",
        `Cannot ${doing}: expected a file at "${path}" in ${where}, got ${mode === "120000" ? "a link" : "a folder"}`,
      );
    }
    const { stdout: text } = await git(["cat-file", "blob", id]);
    return { version: readVersionText(text, path), path, text };
  }
  throw new CommandError(
    "usage",
    `Cannot ${doing}: expected the version file ${paths.map((path) => `"${path}"`).join(" or ")} in ${where} (${shortCommit(commit)}), found none; commit one with {"version": "0.1.0"}`,
  );
}
