import { hidesCommit } from "@tideline/stamp";
import type { BuildStamp, DeploymentRecord } from "@tideline/version";
import { CommandError } from "../command-error.js";
import { standInOf } from "./hidden-commit.js";

/**
 * Gives the record of a build that is served and that nobody here deployed: as its stamp says, and
 * with leave to go back, because it is where it is.
 *
 * @throws {CommandError} `refused`, if the stamp is another app's or environment's.
 */
export function recordOfStamp(
  stamp: BuildStamp,
  { appName, environment }: Pick<DeploymentRecord, "appName" | "environment">,
): DeploymentRecord {
  const refuse = (what: string, found: string, expected: string) =>
    new CommandError(
      "refused",
      `Cannot record what is served for ${appName} in ${environment}: expected a build of the ${what} "${expected}", got one of "${found}"`,
    );
  if (stamp.appName !== "" && stamp.appName !== appName) {
    throw refuse("app", stamp.appName, appName);
  }
  if (stamp.environment !== null && stamp.environment !== environment) {
    throw refuse("environment", stamp.environment, environment);
  }
  const commit = stamp.gitCommit ?? (hidesCommit(stamp) ? standInOf(stamp) : "unknown");
  return {
    appName,
    environment,
    version: stamp.version,
    // As whoever built it outside CI would have recorded it.
    gitCommit: stamp.gitDirty && commit !== "unknown" ? `${commit}-dirty` : commit,
    buildNumber: stamp.buildNumber,
    buildTime: stamp.buildTime,
    gitTag: stamp.gitTag,
    buildId: stamp.buildId,
    ...(stamp.commitTime !== null && { commitTime: stamp.commitTime }),
    allowRollback: true,
  };
}
