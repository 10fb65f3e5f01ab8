import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  readVersionFile,
  VERSION_FILE_NAME,
  withStampTag,
  writeFileAtomically,
  writeVersionFile,
} from "@tideline/stamp";
import type { AppName } from "./apps.js";
import { buildApp, packageVersion } from "./build-app.js";
import { addRelease, type Release } from "./releases.js";

/** What a shell may have exported about something else: a build here is of the working tree. */
const UNNAMED = {
  GITHUB_ACTIONS: "",
  GITHUB_SHA: "",
  COMMIT_SHA: "",
  GITHUB_RUN_NUMBER: "",
  GIT_TAG: "",
};

/**
 * Builds an app of this repository into a new release.
 *
 * A checkout has one version and mostly one commit for many builds, so the release's number is the
 * build number and goes into the label ("0.1.0+3"), unless TIDELINE_VERSION names it.
 *
 * @param convexUrl Where its pages find the Convex functions.
 */
export async function buildRelease(
  app: AppName,
  site: string,
  convexUrl: string,
  signal: AbortSignal,
): Promise<Release> {
  const root = `apps/${app}`;
  const version = await packageVersion(root);
  const named = process.env.TIDELINE_VERSION?.trim();
  return await addRelease(site, async (outDir, number) => {
    await buildApp({
      appName: app,
      root,
      outDir,
      convexUrl,
      signal,
      env: {
        TIDELINE_VERSION: named || `${version}+${number}`,
        TIDELINE_BUILD_NUMBER: String(number),
        ...UNNAMED,
      },
    });
    if (named) await forgetTag(outDir, named);
  });
}

/**
 * Takes the commit's tag out of a release's stamp. A notice shows the tag before the version, and
 * whoever named the version wants to see that.
 */
async function forgetTag(folder: string, named: string): Promise<void> {
  const path = join(folder, VERSION_FILE_NAME);
  const stamp = await readVersionFile(path);
  if (stamp.gitTag === null || stamp.gitTag === named) return;
  const untagged = { ...stamp, gitTag: null };
  const page = join(folder, "index.html");
  await writeFileAtomically(page, withStampTag(await readFile(page, "utf8"), untagged));
  await writeVersionFile(path, untagged);
}
