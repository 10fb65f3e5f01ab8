import { detectCi, type InputTree, parseVersionLabel } from "@tideline/stamp";
import { compareVersions } from "@tideline/version/bump";
import { CommandError } from "../command-error.js";
import type { TidelineConfig } from "../config/config.js";
import { openGit } from "../git/git.js";
import type { Env } from "../terminal.js";
import { isVersion } from "./taken-names.js";

/**
 * Gives the version of the release that is here: `TIDELINE_VERSION`, else the tag that CI runs for,
 * else the release's tag that is checked out. Null where there is none: what a branch has may get
 * another version, and a release keeps its own.
 *
 * @throws {CommandError} `usage`, if `TIDELINE_VERSION` cannot be a version.
 */
export async function releaseVersion(
  { root, tagPrefix, releaseTagPrefix }: TidelineConfig,
  { commit }: Pick<InputTree, "commit">,
  env: Env,
  signal: AbortSignal,
): Promise<string | null> {
  const given = env.TIDELINE_VERSION?.trim();
  if (given) return parseGiven(given);
  const ci = detectCi(env);
  if (ci !== null) return versionOf(ci.tag ?? "", [releaseTagPrefix, tagPrefix]);
  if (commit === null) return null;
  const git = openGit({ cwd: root, env, signal });
  // A branch goes on after a release that was made of its newest commit.
  if ((await git(["symbolic-ref", "--quiet", "HEAD"])).ok) return null;
  const { ok, stdout } = await git(["tag", "--points-at", commit, `${releaseTagPrefix}*`]);
  const versions = (ok ? stdout.split("\n") : [])
    .map((tag) => versionOf(tag, [releaseTagPrefix]))
    .filter((version) => version !== null);
  return versions.sort(compareVersions).at(-1) ?? null;
}

function versionOf(tag: string, prefixes: readonly string[]): string | null {
  const prefix = prefixes.find((each) => tag.startsWith(each));
  const version = prefix === undefined ? "" : tag.slice(prefix.length);
  return isVersion(version) ? version : null;
}

function parseGiven(text: string): string {
  try {
    return parseVersionLabel(text, "TIDELINE_VERSION");
  } catch (cause) {
    throw new CommandError("usage", (cause as Error).message, { cause });
  }
}
