import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { readStampTag } from "@tideline/stamp";
import type { BuildStamp } from "@tideline/version";
import { RecordError } from "./record-error.js";

/**
 * Looks whether the artifact's start page agrees with what is to be recorded: a page that names
 * another environment listens to another target and would never hear of it.
 *
 * @returns Warnings.
 * @throws {RecordError} `refused`, if the page names another environment or another build.
 */
export async function checkPage(
  folder: string,
  stamp: BuildStamp,
  environment: string,
): Promise<string[]> {
  const path = join(folder, "index.html");
  const html = await readFile(path, "utf8").catch(() => null);
  const page = html === null ? null : readStampTag(html);
  // A server's artifact, a library's, or a page that another tool stamps: nothing to compare.
  if (page === null) return [];
  if (page.stamp === null) {
    throw new RecordError(
      "refused",
      `Cannot record ${stamp.appName}: the stamp in "${path}" names no build, build again`,
    );
  }
  if (page.stamp.buildId !== stamp.buildId) {
    throw new RecordError(
      "refused",
      `Cannot record ${stamp.appName}: "${path}" is build ${page.stamp.buildId} and its version.json says ${stamp.buildId}, build again`,
    );
  }
  if (page.stamp.environment === null) {
    return [
      `The page "${path}" names no environment, so it hears of nothing until publishing writes "${environment}" into its stamp`,
    ];
  }
  if (page.stamp.environment !== environment) {
    throw new RecordError(
      "refused",
      `Cannot record ${stamp.appName}: "${path}" is a page for "${page.stamp.environment}" and is to be recorded for "${environment}"`,
    );
  }
  return [];
}
