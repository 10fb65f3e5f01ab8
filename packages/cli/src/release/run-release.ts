import { shortCommit } from "@tideline/version";
import { EXIT_CODES } from "../command.js";
import { fastForward } from "../git/fast-forward.js";
import { openGit } from "../git/git.js";
import type { GivenOptions } from "../parse-command-line.js";
import type { Outcome, Terminal } from "../terminal.js";
import { versionSettings } from "../versions/version-settings.js";
import { pushRelease } from "./push-release.js";

/** `tideline release`. */
export async function runRelease(
  given: GivenOptions,
  { cwd, env, signal, log }: Terminal,
): Promise<Outcome> {
  const isDryRun = given.has("dry-run");
  const at = given.text("at") ?? null;
  const git = openGit({ cwd, env, signal });
  const settings = await versionSettings(git, cwd, undefined);
  const release = await pushRelease(settings, { cwd, env, signal, log, at, isDryRun });
  const { version, tag, commit, skipToken, isOnBranch, isRepeat } = release;
  const { remote, branch } = settings;
  const what = `${version} as "${tag}"`;
  const place =
    skipToken === null
      ? `on ${shortCommit(release.source)}`
      : `on an empty commit on top of ${shortCommit(release.source)}, whose message says "${skipToken}"`;
  const verb = isRepeat ? "Released before" : isDryRun ? "Would release" : "Released";
  if (!isRepeat && !isDryRun && isOnBranch && commit !== null) {
    // What was pushed is pushed: nothing may turn this into a failure.
    const moved = await fastForward(openGit({ cwd, env }), branch, commit).catch(() => null);
    if (moved !== null) log(moved);
  }
  return {
    exitCode: EXIT_CODES.done,
    text: `${verb}: ${what} of "${remote}", ${place}`,
    json: {
      ok: true,
      version,
      tag,
      commit,
      source: release.source,
      skipToken,
      isRepeat,
      isDryRun,
    },
  };
}
