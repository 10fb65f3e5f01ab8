/** Puts an earlier build in place by the environment's own deploy command. */
import { CommandError } from "../command-error.js";
import type { ServiceConfig, TidelineConfig } from "../config/config.js";
import type { Env } from "../terminal.js";
import type { HistoryRow } from "./history.js";
import { runShell, type ShellOptions } from "./run-shell.js";

/** Gives the image of a build by its digest; empty where there is none or its digest is not known. */
export function imageOf(
  config: TidelineConfig,
  { image }: ServiceConfig,
  { imageDigest }: HistoryRow,
): string {
  if (image === null || imageDigest === undefined) return "";
  return `${config.registry === null ? "" : `${config.registry}/`}${image}@${imageDigest}`;
}

/** Gives the variables that a deploy command has besides the caller's own. */
export function deployVariables(service: string, row: HistoryRow, image: string): Env {
  return {
    TIDELINE_SERVICE: service,
    TIDELINE_ENVIRONMENT: row.environment,
    TIDELINE_VERSION: row.version,
    TIDELINE_BUILD_ID: row.buildId,
    TIDELINE_COMMIT: row.gitCommit,
    TIDELINE_IMAGE: image,
  };
}

/**
 * Runs the command.
 *
 * @throws {CommandError} `failed`, if it does not exit with 0; `interrupted`, if the signal ended it.
 */
export async function switchBack(
  command: string,
  doing: string,
  options: ShellOptions,
): Promise<void> {
  const unchanged = "nothing is recorded, and what the ledger says is live is unchanged";
  let result: number | string;
  try {
    result = await runShell(command, options);
  } catch (cause) {
    if (!options.signal.aborted) {
      throw new CommandError(
        "failed",
        `Cannot ${doing}: the deploy command could not be started (${(cause as Error).message}); ${unchanged}`,
        { cause },
      );
    }
    result = "SIGTERM";
  }
  if (options.signal.aborted) {
    throw new CommandError(
      "interrupted",
      `Stopped the deploy command: ${unchanged}; if it had switched already, run "tideline reconcile"`,
    );
  }
  if (result === 0) return;
  const how = typeof result === "number" ? `exited with ${result}` : `was ended by ${result}`;
  throw new CommandError("failed", `Cannot ${doing}: the deploy command ${how}; ${unchanged}`);
}
