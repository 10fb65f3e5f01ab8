import { isAbsolute } from "node:path";
import { shortCommit } from "@tideline/version";
import { BUMP_LEVELS, type BumpLevel } from "@tideline/version/bump";
import { EXIT_CODES } from "../command.js";
import { CommandError } from "../command-error.js";
import { fastForward } from "../git/fast-forward.js";
import { openGit } from "../git/git.js";
import type { GivenOptions } from "../parse-command-line.js";
import type { Outcome, Terminal } from "../terminal.js";
import { type VersionSettings, versionSettings } from "../versions/version-settings.js";
import { bumpFile } from "./bump-file.js";
import { pushBump } from "./push-bump.js";

/** `tideline bump`. */
export async function runBump(given: GivenOptions, terminal: Terminal): Promise<Outcome> {
  const level = parseLevel(given.text("level"));
  const { cwd, env, signal } = terminal;
  if (!given.has("push") && given.text("for") !== undefined) {
    throw new CommandError("usage", "Cannot use --for: expected --push, which it makes repeatable");
  }
  const git = openGit({ cwd, env, signal });
  const settings = await versionSettings(git, cwd, given.text("file"));
  checkInside(settings);
  return given.has("push")
    ? await onBranch(given, terminal, settings, level)
    : await inFolder(given, terminal, settings, level);
}

async function inFolder(
  given: GivenOptions,
  { cwd, env, signal }: Terminal,
  settings: VersionSettings,
  level: BumpLevel,
): Promise<Outcome> {
  const isDryRun = given.has("dry-run");
  const git = openGit({ cwd, env, signal });
  const { version, previous, path } = await bumpFile(git, settings, level, {
    now: Date.now(),
    isDryRun,
  });
  const said = isDryRun
    ? `Would write it into "${path}", in place of ${previous}`
    : `Written into "${path}", in place of ${previous}; committing it is yours, or use --push`;
  return {
    exitCode: EXIT_CODES.done,
    text: `${version}\n${said}`,
    json: {
      ...{ ok: true, version, previous, file: path },
      // The same keys as a bump that is pushed.
      ...{ tag: null, commit: null, isPushed: false, isRepeat: false, isDryRun },
    },
  };
}

async function onBranch(
  given: GivenOptions,
  { cwd, env, signal, log }: Terminal,
  settings: VersionSettings,
  level: BumpLevel,
): Promise<Outcome> {
  const isDryRun = given.has("dry-run");
  const bump = await pushBump(level, settings, {
    cwd,
    env,
    signal,
    log,
    now: () => Date.now(),
    forCommit: given.text("for") ?? null,
    isDryRun,
  });
  const { version, previous, tag, commit, isRepeat } = bump;
  const { remote, branch } = settings;
  const lines = [version];
  if (isRepeat) {
    lines.push(`Bumped before for ${shortCommit(bump.forCommit ?? "")}: "${tag}" of "${remote}"`);
  } else if (isDryRun) {
    lines.push(
      `Would push it with the tag "${tag}" to "${branch}" of "${remote}", after ${previous}`,
    );
  } else {
    lines.push(`Pushed with the tag "${tag}" to "${branch}" of "${remote}", after ${previous}`);
    // What was pushed is pushed: nothing may turn this into a failure.
    const moved = await fastForward(openGit({ cwd, env }), branch, commit ?? "").catch(() => null);
    if (moved !== null) log(moved);
  }
  return {
    exitCode: EXIT_CODES.done,
    text: lines.join("\n"),
    json: { ok: true, version, previous, tag, commit, isPushed: !isDryRun, isRepeat, isDryRun },
  };
}

function parseLevel(text: string | undefined): BumpLevel {
  const level = BUMP_LEVELS.find((each) => each === text);
  if (level !== undefined) return level;
  throw new CommandError(
    "usage",
    `Cannot bump: expected "patch", "minor" or "major", got "${text ?? ""}"`,
  );
}

function checkInside({ versionFiles, root }: VersionSettings): void {
  const outside = versionFiles.find((file) => file.startsWith("../") || isAbsolute(file));
  if (outside === undefined) return;
  throw new CommandError(
    "usage",
    `Cannot bump: expected a version file below "${root}", got "${outside}"`,
  );
}
