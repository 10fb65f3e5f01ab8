/**
 * What a build says about itself before its bytes are known: git, CI's variables, package.json and
 * the variables that override them. Whoever makes the artifact adds the build id.
 */
import { resolve } from "node:path";
import { type BuildStamp, isTargetName } from "@tideline/version";
import { buildTime } from "./build-time.js";
import { detectCi, type Env, isCi, parseBuildNumber, parseCommit } from "./ci.js";
import { type GitState, readGit } from "./git.js";
import { readPackageName, readPackageVersion } from "./package-json.js";
import { parseVersionLabel, versionLabel } from "./version-label.js";

/** A stamp without the identity of the artifact. */
export type BuildFacts = Omit<BuildStamp, "buildId">;

/** What to stamp, and where to look. */
export interface StampOptions {
  /** The folder of what is built. @default process.cwd() */
  readonly cwd?: string;
  /** @default process.env */
  readonly env?: Env;
  /** The clock, in ms since epoch. @default Date.now */
  readonly now?: () => number;
  /** Which application this is, unless `TIDELINE_APP` or `APP_NAME` says so. @default package.json's name */
  readonly appName?: string;
  /**
   * Where it is built to run, unless `TIDELINE_ENVIRONMENT` says so; null for an artifact that
   * gets its environment when it is published.
   *
   * @default "local" on a developer's machine; in CI there is no default
   */
  readonly environment?: string | null;
  /** Paths below `cwd` that the build writes; they do not make the working tree dirty. @default ["dist"] */
  readonly outputs?: readonly string[];
}

/** The facts, and sentences about what was missing or odd. */
export interface CreatedStamp {
  readonly stamp: BuildFacts;
  readonly warnings: readonly string[];
}

/**
 * Gives what a build says about itself, without its build id.
 *
 * The environment variables `TIDELINE_APP` (or `APP_NAME`), `TIDELINE_ENVIRONMENT`,
 * `TIDELINE_VERSION` (or `VERSION`), `TIDELINE_BUILD_NUMBER` (or `GITHUB_RUN_NUMBER`), `GITHUB_SHA`
 * and `GIT_TAG` override what git and package.json say. `NODE_ENV` decides nothing: it is
 * `production` in every Vite build.
 *
 * @throws {Error} In CI when no environment is named, and where no application name is found.
 * @throws {RangeError} If a name, or a variable that overrides, has an impossible value.
 */
export async function createStamp(options: StampOptions = {}): Promise<CreatedStamp> {
  const cwd = resolve(options.cwd ?? process.cwd());
  const env = options.env ?? process.env;
  const now = (options.now ?? Date.now)();
  const outputs = options.outputs ?? ["dist"];
  const environment = nameEnvironment(env, options.environment);
  const [appName, packageVersion, git] = await Promise.all([
    nameApp(env, options.appName, cwd),
    readPackageVersion(cwd),
    readGit(cwd, env, { outputs }),
  ]);

  const ci = detectCi(env);
  const repository = git.kind === "repository" ? git : null;
  const gitCommit = ci?.commit ?? parseCommit(env.GITHUB_SHA) ?? repository?.commit ?? null;
  const isDirty = repository !== null && repository.dirtyPaths.length > 0;
  const gitTag = text(env.GIT_TAG) ?? ci?.tag ?? repository?.tags[0] ?? null;
  const commitTime = repository?.commitTime ?? null;
  const named = text(env.TIDELINE_VERSION) ?? text(env.VERSION);
  const stamp: BuildFacts = {
    appName,
    environment,
    version:
      named === null
        ? versionLabel({ tag: gitTag, packageVersion, commit: gitCommit, isDirty, now })
        : parseVersionLabel(named, text(env.TIDELINE_VERSION) ? "TIDELINE_VERSION" : "VERSION"),
    gitCommit,
    gitBranch: ci?.branch ?? repository?.branch ?? null,
    gitDirty: isDirty,
    gitTag,
    buildNumber: numberBuild(env, ci?.buildNumber ?? 0),
    buildTime: buildTime(env, { commitTime, isDirty, now }),
    commitTime,
  };
  return { stamp, warnings: [...warningsOf(git, gitCommit, ci?.provider ?? null)] };
}

function nameEnvironment(env: Env, option: string | null | undefined): string | null {
  const named = text(env.TIDELINE_ENVIRONMENT);
  if (named !== null) return parseTargetName(named, "TIDELINE_ENVIRONMENT");
  if (option === null) return null;
  if (option !== undefined) return parseTargetName(option, "the option environment");
  // A guess would record staging's builds as production's, or the other way round.
  if (isCi(env)) {
    throw new Error(
      'Cannot stamp the build: in CI the environment has to be named, set TIDELINE_ENVIRONMENT to "staging", "production" or the like',
    );
  }
  return "local";
}

async function nameApp(env: Env, option: string | undefined, cwd: string): Promise<string> {
  for (const variable of ["TIDELINE_APP", "APP_NAME"]) {
    const named = text(env[variable]);
    if (named !== null) return parseTargetName(named, variable);
  }
  if (option !== undefined) return parseTargetName(option, "the option appName");
  const name = await readPackageName(cwd);
  if (name !== null) return parseTargetName(name, "package.json's name");
  throw new Error(
    `Cannot stamp the build: it has no application name, set TIDELINE_APP or the option appName, or a name in the package.json of "${cwd}"`,
  );
}

/** The ledger takes no other names; better to hear it before the build than after publishing. */
function parseTargetName(name: string, source: string): string {
  if (isTargetName(name)) return name;
  throw new RangeError(
    `Cannot stamp the build: expected 1 to 64 letters, digits, ".", "_" or "-" in ${source}, got "${name.slice(0, 80)}"`,
  );
}

function numberBuild(env: Env, ofCi: number): number {
  const named = text(env.TIDELINE_BUILD_NUMBER);
  if (named === null) return ofCi || parseBuildNumber(env.GITHUB_RUN_NUMBER);
  const number = Number(named);
  if (/^\d+$/.test(named) && Number.isSafeInteger(number)) return number;
  throw new RangeError(
    `Cannot use TIDELINE_BUILD_NUMBER as the build number: expected a whole number, got "${named}"`,
  );
}

function* warningsOf(git: GitState, commit: string | null, provider: string | null) {
  if (git.kind === "none") {
    // Where CI names the commit (an image without git, say), nothing is missing.
    if (commit === null) yield git.warning;
    return;
  }
  if (commit !== git.commit) {
    yield `${provider ?? "GITHUB_SHA"} names commit ${commit}, the working tree is at ${git.commit}; the build is stamped with the former`;
  }
  if (git.dirtyPaths.length > 0) {
    const shown = git.dirtyPaths.slice(0, 5).join(", ");
    const more = git.dirtyPaths.length > 5 ? ` and ${git.dirtyPaths.length - 5} more` : "";
    yield `The working tree has changes that no commit holds: ${shown}${more}`;
  }
}

function text(value: string | undefined): string | null {
  const trimmed = value?.trim() ?? "";
  return trimmed === "" ? null : trimmed;
}
