import { readFileSync } from "node:fs";

/** What the one-file executable was built from; scripts/build-sync.ts fills it in. */
export interface SyncBuild {
  readonly version: string;
  /** Seven digits or more; null where it was built outside a git checkout. */
  readonly commit: string | null;
  /** Day of the commit, `"2026-11-21"`: two builds of one commit are the same bytes. */
  readonly day: string | null;
  /** Whether files of the checkout differed from the commit. */
  readonly isChanged: boolean;
}

// Put in the place of this name by the build; from sources there is no such thing.
declare const __TIDELINE_SYNC_BUILD__: SyncBuild | undefined;

/** What this program was built from; null when it runs from its sources. */
export const SYNC_BUILD: SyncBuild | null =
  typeof __TIDELINE_SYNC_BUILD__ === "undefined" ? null : __TIDELINE_SYNC_BUILD__;

/** The version of this `tideline-sync`, from the package's own package.json: `"0.1.0"`. */
export const SYNC_VERSION: string = SYNC_BUILD?.version ?? versionOfSources();

/** What `tideline-sync --version` prints. */
export function describeVersion(build = SYNC_BUILD, version = SYNC_VERSION): string {
  return `tideline-sync ${version} (${describeBuild(build)})`;
}

function describeBuild(build: SyncBuild | null): string {
  if (build === null) return "from its sources";
  if (build.commit === null) return "from an unknown commit";
  const changes = build.isChanged ? ", with changes" : "";
  return `from commit ${build.commit} of ${build.day}${changes}`;
}

function versionOfSources(): string {
  const path = new URL("../package.json", import.meta.url);
  return (JSON.parse(readFileSync(path, "utf8")) as { version: string }).version;
}
