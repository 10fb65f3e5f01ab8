import { cp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { VERSION_FILE_NAME } from "@tideline/stamp";
import { addRelease, listReleases, pointTo, type Release } from "./releases.js";

/**
 * Makes a finished build the release that a site serves. One that is kept already is served again
 * instead of a second copy: a container that is started again, or an older image.
 */
export async function takeRelease(site: string, build: string): Promise<Release> {
  const stamp = await readFile(join(build, VERSION_FILE_NAME), "utf8");
  let release: Release | null = null;
  for (const kept of await listReleases(site)) {
    const of = await readFile(join(kept.folder, VERSION_FILE_NAME), "utf8");
    if (of === stamp) release = kept;
  }
  release ??= await addRelease(site, async (folder) => {
    // A container that was killed here may have left a part of another build.
    await rm(folder, { recursive: true, force: true });
    await cp(build, folder, { recursive: true });
  });
  await pointTo(site, release.number);
  return release;
}
