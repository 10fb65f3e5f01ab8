import type { AppName } from "./apps.js";
import { buildApp, packageVersion } from "./build-app.js";
import { addRelease, type Release } from "./releases.js";

/** How many releases of an app stay: as far as one may go back, and as old as an open tab may be. */
export const KEPT_RELEASES = 10;

/** What a shell may have exported about something else: a build here is of the working tree. */
const UNNAMED = { GITHUB_ACTIONS: "", GITHUB_SHA: "", GITHUB_RUN_NUMBER: "", GIT_TAG: "" };

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
  return await addRelease(site, (outDir, number) =>
    buildApp({
      appName: app,
      root,
      outDir,
      convexUrl,
      signal,
      env: {
        TIDELINE_VERSION: process.env.TIDELINE_VERSION?.trim() || `${version}+${number}`,
        TIDELINE_BUILD_NUMBER: String(number),
        ...UNNAMED,
      },
    }),
  );
}
