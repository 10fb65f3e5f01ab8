/**
 * What is going to be recorded, from `version.json`, the documented environment variables and the
 * options. Talks to nobody; `record` sends it.
 */
import { resolve } from "node:path";
import { detectCi, isCi, parseBuildNumber, readNamedVersion } from "@tideline/stamp";
import {
  type BuildStamp,
  type DeploymentRecord,
  isPlaceholder,
  isTargetName,
} from "@tideline/version";
import { CommandError } from "../command-error.js";
import type { Env } from "../terminal.js";
import { checkDetails } from "./check-details.js";
import { checkPages, listPages } from "./check-pages.js";
import type { DeploymentOptions } from "./deployment-options.js";
import { type FoundStamp, findStamp } from "./find-stamp.js";
import { checkTellsNothing, isCommitHidden, keepsCommits, standInOf } from "./hidden-commit.js";
import { idempotencyKey } from "./idempotency-key.js";

/** What would be sent, without the token. */
export interface PreparedDeployment {
  readonly record: DeploymentRecord & { readonly idempotencyKey: string };
  readonly warnings: readonly string[];
  /** True if the build hides its commit, and the record holds something else in its place. */
  readonly isHidden: boolean;
}

/**
 * Gives what `record` would send.
 *
 * @throws {CommandError} `usage` for a missing or unreadable file or a name that nobody gave;
 *   `refused` if app or environment is not the one that the pages were built for.
 */
export async function prepare(options: DeploymentOptions = {}): Promise<PreparedDeployment> {
  const env = options.env ?? process.env;
  const cwd = resolve(options.cwd ?? process.cwd());
  checkDetails(options);
  return await prepareFound(await findStamp(options, cwd, env), options);
}

/** Gives what `record` would send for a build whose stamp was found before; else as `prepare`. */
export async function prepareFound(
  { stamp, folder, isPublished, ...found }: FoundStamp,
  options: DeploymentOptions,
): Promise<PreparedDeployment> {
  const env = options.env ?? process.env;
  const warnings = [...found.warnings];
  const appName = chooseApp(options, env, stamp);
  const environment = chooseEnvironment(options, env, stamp);
  if (folder !== null) {
    // Around a version.json that lies elsewhere may be anything, a whole repository for example.
    const pages = options.file === undefined ? await listPages(folder) : ["index.html"];
    warnings.push(...(await checkPages(folder, pages, stamp, { appName, environment })));
  }
  if (contradicts(env.NODE_ENV, environment)) {
    warnings.push(
      `NODE_ENV is "${env.NODE_ENV}" and the environment is "${environment}"; NODE_ENV decides nothing`,
    );
  }

  const override: Override = (name, value, stamped) => {
    if (value === null || value === stamped) return stamped;
    // Nothing is contradicted where the stamp says nothing.
    if (stamped !== 0 && !isPlaceholder(String(stamped))) {
      warnings.push(`${name} is "${value}" and the stamp says "${stamped}"; recording the former`);
    }
    return value;
  };
  const hides = isCommitHidden(stamp, env);
  const isHidden = hides && !keepsCommits(env) && options.gitCommit === undefined;
  const version = options.label ?? override(...readVersion(env, stamp, hides), stamp.version);
  const commit = isHidden
    ? standInOf(stamp)
    : chooseCommit(env, stamp, isPublished, override, warnings);
  // Of a build that hides its commit a number is sent only if it was named for that.
  const numbers = hides ? { TIDELINE_BUILD_NUMBER: env.TIDELINE_BUILD_NUMBER } : env;
  const record: DeploymentRecord = {
    appName,
    environment,
    version,
    gitCommit: options.gitCommit ?? asBuilt(commit, stamp, env),
    buildNumber: override(...readBuildNumber(numbers, stamp, warnings), stamp.buildNumber),
    buildTime: stamp.buildTime,
    gitTag: hides ? null : override<string | null>(...readTag(env), stamp.gitTag),
    buildId: stamp.buildId,
    ...(stamp.commitTime !== null && { commitTime: stamp.commitTime }),
    ...(options.inputsId !== undefined && { inputsId: options.inputsId }),
    ...(options.imageDigest !== undefined && { imageDigest: options.imageDigest }),
    ...(options.severity !== undefined && { severity: options.severity }),
    ...(options.notes !== undefined && { notes: options.notes }),
    ...(options.asOfEpoch !== undefined && { asOfEpoch: options.asOfEpoch }),
    ...(options.allowRollback && { allowRollback: true }),
  };
  const key = options.idempotencyKey ?? idempotencyKey(env, record);
  return { record: { ...record, idempotencyKey: key }, warnings, isHidden };
}

/** Chooses what a variable says over what is stamped, and warns where the two contradict. */
type Override = <T extends string | number | null>(name: string, value: T | null, stamped: T) => T;

function chooseApp(options: DeploymentOptions, env: Env, stamp: BuildStamp): string {
  const [, variable] = first(env, "TIDELINE_APP", "APP_NAME");
  const name = required(
    options.appName ?? variable ?? stamp.appName,
    "application",
    "--app or set APP_NAME",
  );
  // Its pages listen to what they were built as, and would never hear of the record.
  if (stamp.appName !== "" && name !== stamp.appName) {
    throw new CommandError(
      "refused",
      `Cannot record ${stamp.appName}: it was built as "${stamp.appName}" and is to be recorded as "${name}"`,
    );
  }
  return name;
}

function chooseEnvironment(options: DeploymentOptions, env: Env, stamp: BuildStamp): string {
  const named = options.environment ?? (env.TIDELINE_ENVIRONMENT?.trim() || null);
  const name = required(
    named ?? stamp.environment ?? "",
    "environment",
    "--environment or set TIDELINE_ENVIRONMENT",
  );
  if (stamp.environment !== null && name !== stamp.environment) {
    throw new CommandError(
      "refused",
      `Cannot record ${stamp.appName}: it was built for "${stamp.environment}" and is to be recorded for "${name}"`,
    );
  }
  return name;
}

function readVersion(
  env: Env,
  stamp: BuildStamp,
  hides: boolean,
): [name: string, value: string | null] {
  try {
    const named = readNamedVersion(env);
    if (named === null) return ["TIDELINE_VERSION", null];
    if (hides && named.label !== stamp.version) checkTellsNothing(named.label, named.source, env);
    return [named.source, named.label];
  } catch (cause) {
    if (cause instanceof CommandError) throw cause;
    throw new CommandError("usage", (cause as Error).message, { cause });
  }
}

/** GITHUB_SHA overrides; but a short form of the same commit, or a pull request's merge, does not. */
function chooseCommit(
  env: Env,
  { gitCommit }: BuildStamp,
  isPublished: boolean,
  override: Override,
  warnings: string[],
): string {
  const stamped = gitCommit ?? "unknown";
  // What is served was built before, perhaps by another job; this one's commit says nothing of it.
  if (isPublished && gitCommit !== null) return stamped;
  const ci = detectCi(env);
  const named = (ci?.commit ?? env.GITHUB_SHA)?.trim().toLowerCase() || null;
  if (named === null || stamped.startsWith(named)) return stamped;
  if (!/^[0-9a-f]{7,64}(-dirty)?$/.test(named)) {
    warnings.push(`GITHUB_SHA is "${named}", which is no commit; recording "${stamped}"`);
    return stamped;
  }
  return override(ci?.provider ?? "GITHUB_SHA", named, stamped);
}

/**
 * A developer's bytes that no commit holds must not count as the commit's: it may be live, or have
 * been. In CI they do: its own steps change the tree, and a name that is never compared would let
 * an old job that is run again go back unasked.
 */
function asBuilt(commit: string, { gitDirty }: BuildStamp, env: Env): string {
  return gitDirty && !isCi(env) && /^[0-9a-f]+$/.test(commit) ? `${commit}-dirty` : commit;
}

/** A run at a tag deploys that tag, also what was built before the tag was there. */
function readTag(env: Env): [name: string, value: string | null] {
  const [name, tag] = first(env, "GIT_TAG");
  const ci = detectCi(env);
  return tag === null && ci?.tag ? [ci.provider, ci.tag] : [name, tag];
}

function readBuildNumber(
  env: Env,
  stamp: BuildStamp,
  warnings: string[],
): [name: string, value: number | null] {
  const [name, text] = first(env, "TIDELINE_BUILD_NUMBER", "GITHUB_RUN_NUMBER");
  if (text === null) return [name, null];
  const number = parseBuildNumber(text);
  if (number === 0 && !/^0+$/.test(text)) {
    warnings.push(`${name} is "${text}", which is no whole number; recording ${stamp.buildNumber}`);
  }
  return [name, number || null];
}

/** Deployment scripts often took everything but "production" for staging. */
function contradicts(nodeEnv: string | undefined, environment: string): boolean {
  if (!nodeEnv) return false;
  return (nodeEnv === "production") !== (environment === "production") && environment !== "local";
}

function first(env: Env, ...names: readonly string[]): [name: string, value: string | null] {
  const name = names.find((candidate) => env[candidate]?.trim()) ?? names[0] ?? "";
  return [name, env[name]?.trim() || null];
}

function required(name: string, what: "application" | "environment", how: string): string {
  if (isTargetName(name)) return name;
  throw new CommandError(
    "usage",
    name === ""
      ? `Cannot record: no ${what} is named, use ${how}`
      : `Cannot record: expected an ${what} of 1 to 64 letters, digits, ".", "_" or "-", beginning with a letter or digit, got "${name.slice(0, 80)}"`,
  );
}
