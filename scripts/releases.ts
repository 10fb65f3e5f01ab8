/**
 * The releases of one app, side by side in `<site>/releases/<number>/`, and `<site>/current`, which
 * names the one that is served. Knows nothing of the ledger.
 */
import { readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readVersionFile, VERSION_FILE_NAME } from "@tideline/stamp";
import { type BuildStamp, shortCommit } from "@tideline/version";
import { makeFolder } from "./make-folder.js";

/** One build that can be served. */
export interface Release {
  readonly number: number;
  readonly folder: string;
  readonly stamp: BuildStamp;
}

/** Gives the folder of a release, whether or not it is there. */
export function releaseFolder(site: string, number: number): string {
  return join(site, "releases", String(number));
}

/** Gives the numbers of the releases that are there, newest first. */
export async function listReleaseNumbers(site: string): Promise<number[]> {
  const names = await readdir(join(site, "releases")).catch(() => []);
  return names
    .filter((name) => /^[1-9]\d*$/.test(name))
    .map(Number)
    .sort((a, b) => b - a);
}

/** Gives the releases that are there, newest first; a folder without a stamp is none. */
export async function listReleases(site: string): Promise<Release[]> {
  const numbers = await listReleaseNumbers(site);
  const releases = await Promise.all(numbers.map((number) => readRelease(site, number)));
  return releases.filter((release) => release !== null);
}

/** Gives a release, or null if it is not there. */
export async function readRelease(site: string, number: number): Promise<Release | null> {
  const folder = releaseFolder(site, number);
  try {
    return { number, folder, stamp: await readVersionFile(join(folder, VERSION_FILE_NAME)) };
  } catch {
    // Absent or unreadable is the same to whoever looks for something to serve.
    return null;
  }
}

/** Gives the number of the release that is served, or null before the first. */
export async function currentReleaseNumber(site: string): Promise<number | null> {
  const text = await readFile(join(site, "current"), "utf8").catch(() => "");
  const number = Number(text.trim());
  return Number.isSafeInteger(number) && number > 0 ? number : null;
}

/**
 * Makes a release out of what `build` writes. A build that fails or is interrupted leaves none.
 *
 * @param build Fills the folder it is given, for the release of that number.
 */
export async function addRelease(
  site: string,
  build: (folder: string, number: number) => Promise<void>,
): Promise<Release> {
  const number = ((await listReleaseNumbers(site))[0] ?? 0) + 1;
  const unfinished = join(site, "releases", `${number}.unfinished`);
  await makeFolder(unfinished);
  try {
    await build(unfinished, number);
    const stamp = await readVersionFile(join(unfinished, VERSION_FILE_NAME));
    const folder = releaseFolder(site, number);
    await rename(unfinished, folder);
    return { number, folder, stamp };
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    throw error;
  }
}

/** Gives a release the name that people know it by: its version and its commit. */
export function releaseName({ stamp }: Release): string {
  if (stamp.gitCommit === null) return stamp.version;
  const commit = shortCommit(stamp.gitCommit + (stamp.gitDirty ? "-dirty" : ""));
  return commit === stamp.version ? commit : `${stamp.version} (${commit})`;
}

/** Removes all but the newest releases, and never the one that is served. */
export async function pruneReleases(site: string, keep: number): Promise<void> {
  const current = await currentReleaseNumber(site);
  for (const number of (await listReleaseNumbers(site)).slice(keep)) {
    if (number !== current) await removeRelease(site, number);
  }
}

/** Removes a release and its files. */
export async function removeRelease(site: string, number: number): Promise<void> {
  await rm(releaseFolder(site, number), { recursive: true, force: true });
}

/** Names the release to serve from now on; null takes the site off the air. */
export async function pointTo(site: string, number: number | null): Promise<void> {
  const pointer = join(site, "current");
  if (number === null) return await rm(pointer, { force: true });
  // A rename swaps the whole file, so that a reader finds the old number or the new one.
  const next = `${pointer}.next`;
  await makeFolder(site);
  await writeFile(next, `${number}\n`);
  await rename(next, pointer);
}
