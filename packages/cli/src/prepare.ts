/**
 * What is going to be recorded, from `version.json`, the documented environment variables and the
 * options. Talks to nobody; `record` sends it.
 */
import { resolve } from "node:path";
import { detectCi, parseBuildNumber } from "@tideline/stamp";
import { type BuildStamp, type DeploymentRecord, isPlaceholder } from "@tideline/version";
import { checkPage } from "./check-page.js";
import type { DeploymentOptions, Env } from "./deployment-options.js";
import { findStamp } from "./find-stamp.js";
import { idempotencyKey } from "./idempotency-key.js";
import { RecordError } from "./record-error.js";

/** What would be sent, without the token. */
export interface PreparedDeployment {
  readonly record: DeploymentRecord & { readonly idempotencyKey: string };
  readonly warnings: readonly string[];
}

/**
 * Gives what `record` would send.
 *
 * @throws {RecordError} `usage` for a missing or unreadable file or a name that nobody gave;
 *   `refused` if the environment is not the one that the page was built for.
 */
export async function prepare(options: DeploymentOptions = {}): Promise<PreparedDeployment> {
  const env = options.env ?? process.env;
  const cwd = resolve(options.cwd ?? process.cwd());
  const { stamp, folder, ...found } = await findStamp(options, cwd, env);
  const warnings = [...found.warnings];
  const environment = chooseEnvironment(options, env, stamp);
  if (folder !== null) warnings.push(...(await checkPage(folder, stamp, environment)));
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
  const appName =
    options.appName ?? override(...first(env, "TIDELINE_APP", "APP_NAME"), stamp.appName);
  const record: DeploymentRecord = {
    appName: required(appName, "application is named, use --app or set APP_NAME"),
    environment,
    version: options.label ?? override(...first(env, "TIDELINE_VERSION", "VERSION"), stamp.version),
    gitCommit: options.gitCommit ?? asBuilt(chooseCommit(env, stamp, override, warnings), stamp),
    buildNumber: override(
      "GITHUB_RUN_NUMBER",
      readRunNumber(env, stamp, warnings),
      stamp.buildNumber,
    ),
    buildTime: stamp.buildTime,
    gitTag: env.GIT_TAG?.trim() || stamp.gitTag,
    buildId: stamp.buildId,
    ...(stamp.commitTime !== null && { commitTime: stamp.commitTime }),
    ...(options.severity !== undefined && { severity: options.severity }),
    ...(options.notes !== undefined && { notes: options.notes }),
    ...(options.asOfEpoch !== undefined && { asOfEpoch: options.asOfEpoch }),
    ...(options.allowRollback && { allowRollback: true }),
  };
  const key = options.idempotencyKey ?? idempotencyKey(env, record);
  return { record: { ...record, idempotencyKey: key }, warnings };
}

/** Chooses what a variable says over what is stamped, and warns where the two contradict. */
type Override = <T extends string | number>(name: string, value: T | null, stamped: T) => T;

function chooseEnvironment(options: DeploymentOptions, env: Env, stamp: BuildStamp): string {
  const named = options.environment ?? (env.TIDELINE_ENVIRONMENT?.trim() || null);
  if (named !== null && stamp.environment !== null && named !== stamp.environment) {
    throw new RecordError(
      "refused",
      `Cannot record ${stamp.appName}: it was built for "${stamp.environment}" and is to be recorded for "${named}"`,
    );
  }
  return required(
    named ?? stamp.environment ?? "",
    "environment is named, use --environment or set TIDELINE_ENVIRONMENT",
  );
}

/** GITHUB_SHA overrides; but a short form of the same commit, or a pull request's merge, does not. */
function chooseCommit(
  env: Env,
  { gitCommit }: BuildStamp,
  override: Override,
  warnings: string[],
): string {
  const stamped = gitCommit ?? "unknown";
  const ci = detectCi(env);
  const named = (ci?.commit ?? env.GITHUB_SHA)?.trim().toLowerCase() || null;
  if (named === null || stamped.startsWith(named)) return stamped;
  if (!/^[0-9a-f]{7,64}(-dirty)?$/.test(named)) {
    warnings.push(`GITHUB_SHA is "${named}", which is no commit; recording "${stamped}"`);
    return stamped;
  }
  return override(ci?.provider ?? "GITHUB_SHA", named, stamped);
}

/** Bytes that no commit holds must not count as the commit's: it may be live, or have been. */
function asBuilt(commit: string, { gitDirty }: BuildStamp): string {
  return gitDirty && /^[0-9a-f]+$/.test(commit) ? `${commit}-dirty` : commit;
}

function readRunNumber(env: Env, stamp: BuildStamp, warnings: string[]): number | null {
  const text = env.GITHUB_RUN_NUMBER?.trim();
  if (!text) return null;
  const number = parseBuildNumber(text);
  if (number === 0 && !/^0+$/.test(text)) {
    warnings.push(
      `GITHUB_RUN_NUMBER is "${text}", which is no whole number; recording ${stamp.buildNumber}`,
    );
  }
  return number || null;
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

function required(value: string, what: string): string {
  if (value !== "") return value;
  throw new RecordError("usage", `Cannot record: no ${what}`);
}
