import { dirname, join, relative, resolve } from "node:path";
import {
  createStamp,
  parseVersionLabel,
  readVersionFile,
  VERSION_FILE_NAME,
} from "@tideline/stamp";
import { type BuildStamp, labelBuildId } from "@tideline/version";
import { CommandError } from "../command-error.js";
import type { Env } from "../terminal.js";
import type { DeploymentOptions } from "./deployment-options.js";
import { publicAddress } from "./public-address.js";
import { readPublishedStamp } from "./published-stamp.js";

/** A build's stamp and where it was found. */
export interface FoundStamp {
  readonly stamp: BuildStamp;
  /** The artifact's folder; null where there is only a label or an address. */
  readonly folder: string | null;
  /** True if it is what an address serves: nothing here may say that it is another commit. */
  readonly isPublished: boolean;
  readonly warnings: readonly string[];
}

/**
 * Gives the stamp of the build that the options name: from its `version.json`, made for its label,
 * or read at the address that serves it.
 *
 * @throws {CommandError} `usage`, if there is no such file, or it or the label names no build;
 *   `failed`, if the address does not say which build it serves.
 */
export async function findStamp(
  options: DeploymentOptions,
  cwd: string,
  env: Env,
): Promise<FoundStamp> {
  if (options.label !== undefined) return await stampLabel(options.label, options, cwd, env);
  if (options.published !== undefined) {
    return await readPublished(options.published, options.signal);
  }
  const path = resolve(cwd, options.file ?? join(options.dist ?? "dist", VERSION_FILE_NAME));
  try {
    const stamp = await readVersionFile(path);
    return { stamp, folder: dirname(path), isPublished: false, warnings: [] };
  } catch (cause) {
    const message =
      (cause as NodeJS.ErrnoException).code === "ENOENT"
        ? `there is no "${relative(cwd, path) || path}", build first or name the folder with --dist`
        : String((cause as Error).message);
    const sentence = message.startsWith("Cannot ") ? message : `Cannot record: ${message}`;
    throw new CommandError("usage", sentence, { cause });
  }
}

async function readPublished(
  address: string,
  signal: AbortSignal | undefined,
): Promise<FoundStamp> {
  const { url, authorization } = publicAddress("published", address);
  const { stamp, problem } = await readPublishedStamp(url, { signal, authorization });
  if (stamp !== null) return { stamp, folder: null, isPublished: true, warnings: [] };
  throw new CommandError("failed", `Cannot read which build is published: ${problem}`);
}

async function stampLabel(
  label: string,
  options: DeploymentOptions,
  cwd: string,
  env: Env,
): Promise<FoundStamp> {
  try {
    const version = parseVersionLabel(label, "--label");
    const { stamp, warnings } = await createStamp({
      cwd,
      // Nothing was built for an environment here, and options go before variables.
      env: {
        ...env,
        TIDELINE_VERSION: version,
        TIDELINE_ENVIRONMENT: undefined,
        ...(options.appName !== undefined && { TIDELINE_APP: undefined, APP_NAME: undefined }),
      },
      environment: null,
      ...(options.appName !== undefined && { appName: options.appName }),
    });
    const labelled = { ...stamp, buildId: labelBuildId(version) };
    return { stamp: labelled, folder: null, isPublished: false, warnings };
  } catch (cause) {
    throw new CommandError("usage", (cause as Error).message, { cause });
  }
}
