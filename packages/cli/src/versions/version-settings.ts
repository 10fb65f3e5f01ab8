import { posix, relative, resolve, sep } from "node:path";
import { loadConfig } from "../config/load-config.js";
import type { Git } from "../git/git.js";

/** Where a repository keeps its version, and where it is pushed. */
export interface VersionSettings {
  /** The folder that `versionFiles` start from. */
  readonly root: string;
  /** The version file; without a configuration the places where it usually is, in order. */
  readonly versionFiles: readonly string[];
  /** From the repository's top to `root`: "" or ending in "/". */
  readonly prefix: string;
  readonly branch: string;
  readonly remote: string;
  readonly tagPrefix: string;
  readonly releaseTagPrefix: string;
}

const USUAL_FILES = ["version.json", "assets/version.json"] as const;

/**
 * Gives what `tideline.config.json` says of the version, or what holds where there is none: the
 * version file `version.json`, else `assets/version.json`, at the repository's top (in the folder
 * itself outside of git), on `main` of `origin`.
 *
 * @param file The version file, from `cwd`, if the command line names one.
 * @throws {CommandError} `usage`, if the configuration is broken.
 */
export async function versionSettings(
  git: Git,
  cwd: string,
  file: string | undefined,
): Promise<VersionSettings> {
  const config = await loadConfig(cwd);
  const top = await git(["rev-parse", "--show-toplevel"]);
  const root = config?.root ?? (top.ok ? top.stdout.trim() : cwd);
  const fromRoot = file === undefined ? null : relative(root, resolve(cwd, file));
  const prefix = await git(["-C", root, "rev-parse", "--show-prefix"]);
  return {
    root,
    versionFiles:
      fromRoot !== null
        ? [fromRoot.split(sep).join("/")]
        : config
          ? [posix.normalize(config.versionFile)]
          : USUAL_FILES,
    prefix: prefix.ok ? prefix.stdout.trim() : "",
    branch: config?.branch ?? "main",
    remote: config?.remote ?? "origin",
    tagPrefix: config?.tagPrefix ?? "v",
    releaseTagPrefix: config?.releaseTagPrefix ?? "release/v",
  };
}
