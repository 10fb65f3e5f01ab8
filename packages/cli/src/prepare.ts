/**
 * What is going to be recorded, from `version.json`, the documents' environment variables and the
 * options. Talks to nobody; `record` sends it.
 */
import { dirname, join, relative, resolve } from "node:path";
import {
  createStamp,
  detectCi,
  parseBuildNumber,
  parseVersionLabel,
  readVersionFile,
  VERSION_FILE_NAME,
} from "@tideline/stamp";
import {
  type BuildStamp,
  type DeploymentRecord,
  isPlaceholder,
  labelBuildId,
  type Severity,
} from "@tideline/version";
import { checkPage } from "./check-page.js";
import { idempotencyKey } from "./idempotency-key.js";
import { RecordError } from "./record-error.js";

/** What to record and where; options go before environment variables, and these before the file. */
export interface DeploymentOptions {
  /** The artifact's folder, which holds `version.json`. @default "dist" */
  readonly dist?: string;
  /** The `version.json` itself, where it lies elsewhere. */
  readonly file?: string;
  /** Records a build that has no `version.json`: its version's name is its identity. */
  readonly label?: string;
  /** @default TIDELINE_APP, else APP_NAME, else the stamp's */
  readonly appName?: string;
  /** @default TIDELINE_ENVIRONMENT, else the stamp's */
  readonly environment?: string;
  /** The Convex deployment. @default CONVEX_URL, else CONVEX_SELF_HOSTED_URL */
  readonly url?: string;
  /** @default TIDELINE_RECORD_TOKEN, else `.tideline/record-token` here or above */
  readonly token?: string;
  /** Allows a commit that was live before and is not now. @default false */
  readonly allowRollback?: boolean;
  /** @default "normal" */
  readonly severity?: Severity;
  /** A sentence for those who are told of the update; at most 4096 bytes. */
  readonly notes?: string;
  /** The epoch that the target must still have. @default any */
  readonly asOfEpoch?: number;
  /** @default one for this attempt of this CI job, else a random one */
  readonly idempotencyKey?: string;
  /** How long to try in all. @default 60_000 */
  readonly timeoutMs?: number;
  /** Stops trying. */
  readonly signal?: AbortSignal;
  /** Told of warnings and of each failed attempt, a sentence at a time. @default nobody */
  readonly log?: (sentence: string) => void;
  /** @default process.cwd() */
  readonly cwd?: string;
  /** @default process.env */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

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
  const warnings: string[] = [];
  const { stamp, folder } = await findStamp(options, cwd, env, warnings);
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
    version: override(...first(env, "TIDELINE_VERSION", "VERSION"), stamp.version),
    gitCommit: chooseCommit(env, stamp.gitCommit ?? "unknown", override),
    buildNumber: override(
      "GITHUB_RUN_NUMBER",
      parseBuildNumber(env.GITHUB_RUN_NUMBER) || null,
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

type Env = Readonly<Record<string, string | undefined>>;

/** Chooses what a variable says over what is stamped, and warns where the two contradict. */
type Override = <T extends string | number>(name: string, value: T | null, stamped: T) => T;

/** The stamp, and the artifact's folder where there is one. */
async function findStamp(
  options: DeploymentOptions,
  cwd: string,
  env: Env,
  warnings: string[],
): Promise<{ readonly stamp: BuildStamp; readonly folder: string | null }> {
  if (options.label !== undefined) {
    return { stamp: await labelStamp(options.label, options, cwd, env, warnings), folder: null };
  }
  const path = resolve(cwd, options.file ?? join(options.dist ?? "dist", VERSION_FILE_NAME));
  try {
    return { stamp: await readVersionFile(path), folder: dirname(path) };
  } catch (cause) {
    const message =
      (cause as NodeJS.ErrnoException).code === "ENOENT"
        ? `there is no "${relative(cwd, path) || path}", build first or name the folder with --dist`
        : String((cause as Error).message);
    throw new RecordError("usage", `Cannot record: ${message}`, { cause });
  }
}

async function labelStamp(
  label: string,
  options: DeploymentOptions,
  cwd: string,
  env: Env,
  warnings: string[],
): Promise<BuildStamp> {
  try {
    const version = parseVersionLabel(label, "--label");
    const created = await createStamp({
      cwd,
      // The label was given on purpose, so a VERSION that lies about does not matter.
      env: { ...env, TIDELINE_VERSION: version },
      environment: options.environment ?? null,
      ...(options.appName !== undefined && { appName: options.appName }),
    });
    warnings.push(...created.warnings);
    return { ...created.stamp, buildId: labelBuildId(version) };
  } catch (cause) {
    throw new RecordError("usage", (cause as Error).message, { cause });
  }
}

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
function chooseCommit(env: Env, stamped: string, override: Override): string {
  const named = (detectCi(env)?.commit ?? env.GITHUB_SHA)?.trim().toLowerCase() || null;
  if (named === null || stamped.startsWith(named)) return stamped;
  return override(detectCi(env)?.provider ?? "GITHUB_SHA", named, stamped);
}

/** The documents' script took everything but "production" for staging. */
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
