/** What the working tree and CI say of the images that are built from it. */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { createStamp, isCi, parseVersionLabel } from "@tideline/stamp";
import { shortCommit } from "@tideline/version";
import { CommandError } from "../command-error.js";
import type { TidelineConfig } from "../config/config.js";
import type { Env } from "../terminal.js";
import { sourceAddress } from "./source-address.js";

/** The same for all images of one run. */
export interface SourceFacts {
  readonly version: string;
  /** What the tags name; null where no commit holds all of it. */
  readonly commit: string | null;
  /** True if no commit holds what is here and nobody said by which version to call it. */
  readonly isUnnamed: boolean;
  /** The full SHA, with `-dirty` where no commit holds all of it; null without one. */
  readonly revision: string | null;
  readonly source: string | null;
  /** ms since epoch: SOURCE_DATE_EPOCH, else the commit's time, else the clock. */
  readonly createdAt: number;
  /** The label that pages without a stamp of their own show. */
  readonly spotVersion: string;
}

/** What was found, and sentences about what was missing or odd. */
export interface FoundFacts {
  readonly facts: SourceFacts;
  readonly warnings: readonly string[];
}

/**
 * Reads what images built here and now have in common.
 *
 * @param options.version Instead of TIDELINE_VERSION, VERSION and the version file.
 * @throws {CommandError} `usage`, if a variable or the version file has an impossible value.
 */
export async function sourceFacts(
  config: TidelineConfig,
  env: Env,
  options: {
    readonly version?: string | undefined;
    /** Paths from the root that the command itself writes; they do not make the tree dirty. */
    readonly outputs?: readonly string[];
    readonly now?: () => number;
  } = {},
): Promise<FoundFacts> {
  const dists = [...config.services.values()].flatMap(({ dist }) => (dist === null ? [] : [dist]));
  try {
    const { stamp, warnings } = await createStamp({
      cwd: config.root,
      env,
      ...(options.now && { now: options.now }),
      // Neither is in an image: one image may serve several environments.
      appName: "images",
      environment: null,
      outputs: [...dists, config.versionFile, ...(options.outputs ?? [])],
    });
    // In CI steps of the job often change the tree; what is built is the commit all the same.
    const isDirty = stamp.gitDirty && !isCi(env);
    const revision = stamp.gitCommit && `${stamp.gitCommit}${isDirty ? "-dirty" : ""}`;
    const isFixed = Boolean(env.SOURCE_DATE_EPOCH?.trim()) || isDirty;
    return {
      facts: {
        version: await findVersion(config, env, options.version, stamp.version),
        commit: isDirty ? null : stamp.gitCommit,
        isUnnamed: isDirty && !isVersionGiven(env, options.version),
        revision,
        source: sourceAddress(env, await remoteAddress(config, env)),
        createdAt: isFixed ? stamp.buildTime : (stamp.commitTime ?? stamp.buildTime),
        spotVersion:
          env.SPOT_VERSION?.trim() || (revision === null ? stamp.version : shortCommit(revision)),
      },
      warnings,
    };
  } catch (cause) {
    if (cause instanceof CommandError) throw cause;
    throw new CommandError("usage", (cause as Error).message, { cause });
  }
}

function isVersionGiven(env: Env, option: string | undefined): boolean {
  return [option, env.TIDELINE_VERSION, env.VERSION].some((text) => text?.trim());
}

async function findVersion(
  { root, versionFile }: TidelineConfig,
  env: Env,
  option: string | undefined,
  stamped: string,
): Promise<string> {
  if (option !== undefined) return parseVersionLabel(option, "--version");
  if (env.TIDELINE_VERSION?.trim() || env.VERSION?.trim()) return stamped;
  const text = await readFile(join(root, versionFile), "utf8").catch(() => null);
  if (text === null) return stamped;
  const json: unknown = readJson(text);
  const version = (json as { version?: unknown } | null)?.version;
  if (typeof version === "string") return parseVersionLabel(version, versionFile);
  throw new CommandError(
    "usage",
    `Cannot use ${versionFile} as the version: expected JSON with the key "version", got "${text.slice(0, 40)}"`,
  );
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Said by the caller, together with what else is no version file.
    return null;
  }
}

async function remoteAddress({ root, remote }: TidelineConfig, env: Env): Promise<string | null> {
  const { stdout } = await promisify(execFile)("git", ["remote", "get-url", remote], {
    cwd: root,
    env: { ...env, PATH: env.PATH ?? process.env.PATH },
  }).catch(() => ({ stdout: "" }));
  return stdout.trim() || null;
}
