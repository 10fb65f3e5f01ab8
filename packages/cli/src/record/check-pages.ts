import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { listFiles, readStampTag } from "@tideline/stamp";
import type { BuildStamp, DeploymentRecord } from "@tideline/version";
import { CommandError } from "../command-error.js";

/**
 * Looks whether an artifact's pages agree with what is to be recorded: a page that names another
 * app or environment listens to another target and would never hear of it.
 *
 * @param pages Paths below the folder; what is not there is left out.
 * @returns Warnings.
 * @throws {CommandError} `refused`, if a page names another app, environment or build.
 */
export async function checkPages(
  folder: string,
  pages: readonly string[],
  stamp: BuildStamp,
  target: Pick<DeploymentRecord, "appName" | "environment">,
): Promise<string[]> {
  const unnamed: string[] = [];
  for (const page of pages) {
    const path = join(folder, page);
    const html = await readFile(path, "utf8").catch(() => null);
    const tag = html === null ? null : readStampTag(html);
    // A server's artifact, a library's, or a page that another tool stamps: nothing to compare.
    if (tag === null) continue;
    const problem = findProblem(path, tag.stamp, stamp, target);
    if (problem !== null) {
      throw new CommandError("refused", `Cannot record ${stamp.appName}: ${problem}`);
    }
    if (tag.stamp?.environment === null) unnamed.push(path);
  }
  const [first, ...more] = unnamed;
  if (first === undefined) return [];
  return [
    more.length === 0
      ? `The page "${first}" names no environment, so it hears of nothing until publishing writes "${target.environment}" into its stamp`
      : `The page "${first}" and ${more.length} more name no environment, so they hear of nothing until publishing writes "${target.environment}" into their stamps`,
  ];
}

/**
 * Lists the pages of an artifact.
 *
 * @throws {CommandError} `usage`, if the folder cannot be read.
 */
export async function listPages(folder: string): Promise<string[]> {
  try {
    return (await listFiles(folder)).filter((path) => /\.html?$/i.test(path));
  } catch (cause) {
    throw new CommandError("usage", `Cannot record: ${(cause as Error).message}`, { cause });
  }
}

function findProblem(
  path: string,
  page: BuildStamp | null,
  { buildId }: BuildStamp,
  { appName, environment }: Pick<DeploymentRecord, "appName" | "environment">,
): string | null {
  if (page === null) return `the stamp in "${path}" names no build, build again`;
  if (page.appName !== "" && page.appName !== appName) {
    return `"${path}" is a page of "${page.appName}" and is to be recorded as "${appName}"`;
  }
  if (page.buildId !== buildId) {
    return `"${path}" is build ${page.buildId} and its version.json says ${buildId}, build again`;
  }
  if (page.environment !== null && page.environment !== environment) {
    return `"${path}" is a page for "${page.environment}" and is to be recorded for "${environment}"`;
  }
  return null;
}
