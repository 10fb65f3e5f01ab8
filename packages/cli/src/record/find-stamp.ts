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

/** A build's stamp and where it was found. */
export interface FoundStamp {
  readonly stamp: BuildStamp;
  /** The artifact's folder; null where there is only a label. */
  readonly folder: string | null;
  readonly warnings: readonly string[];
}

/**
 * Gives the stamp of the build that the options name: from its `version.json`, or made for its
 * label.
 *
 * @throws {CommandError} `usage`, if there is no such file, or it or the label names no build.
 */
export async function findStamp(
  options: DeploymentOptions,
  cwd: string,
  env: Env,
): Promise<FoundStamp> {
  if (options.label !== undefined) return await stampLabel(options.label, options, cwd, env);
  const path = resolve(cwd, options.file ?? join(options.dist ?? "dist", VERSION_FILE_NAME));
  try {
    return { stamp: await readVersionFile(path), folder: dirname(path), warnings: [] };
  } catch (cause) {
    const message =
      (cause as NodeJS.ErrnoException).code === "ENOENT"
        ? `there is no "${relative(cwd, path) || path}", build first or name the folder with --dist`
        : String((cause as Error).message);
    const sentence = message.startsWith("Cannot ") ? message : `Cannot record: ${message}`;
    throw new CommandError("usage", sentence, { cause });
  }
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
    return { stamp: { ...stamp, buildId: labelBuildId(version) }, folder: null, warnings };
  } catch (cause) {
    throw new CommandError("usage", (cause as Error).message, { cause });
  }
}
