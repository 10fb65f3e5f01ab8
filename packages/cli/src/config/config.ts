/**
 * `tideline.config.json` as the commands see it: checked, with every default filled in. How it is
 * found and read is load-config.ts.
 */

/** What the file says of the repository. */
export interface TidelineConfig {
  /** The file's absolute path. */
  readonly path: string;
  /** The folder that its paths start from: the file's own. */
  readonly root: string;
  /** The file that holds the version, from `root`. @default "version.json" */
  readonly versionFile: string;
  /** The branch that is bumped and released. @default "main" */
  readonly branch: string;
  /** The git remote. @default "origin" */
  readonly remote: string;
  /** What a bump's tag begins with. @default "v" */
  readonly tagPrefix: string;
  /** What a release's tag begins with; production is deployed from these. @default "release/v" */
  readonly releaseTagPrefix: string;
  /** What the names of images begin with, for example `"ghcr.io/acme"`; null without images. */
  readonly registry: string | null;
  /** Named sets of paths that services depend on; they are no services themselves. */
  readonly shared: ReadonlyMap<string, readonly string[]>;
  /** By name, in the file's order. */
  readonly services: ReadonlyMap<string, ServiceConfig>;
  readonly environments: ReadonlyMap<string, EnvironmentConfig>;
}

/** One thing that is built and deployed by itself. */
export interface ServiceConfig {
  readonly name: string;
  /** The ledger's `appName`. @default the service's name */
  readonly appName: string;
  /** Globs from `root` of what it is made from; a folder stands for everything in it. */
  readonly paths: readonly string[];
  /** Other services, or shared sets of paths, whose change changes this one. */
  readonly dependsOn: readonly string[];
  /** True of the one service whose change bumps the version. @default true of "web" */
  readonly isVersionSource: boolean;
  /** Its image's name without registry and tag, or null if it has none. */
  readonly image: string | null;
  /** What its tags end with, for example `"-api"`. @default "" of the version's source, else "-" and its name */
  readonly tagSuffix: string;
  /** From `root`. @default "Dockerfile" if there is an image */
  readonly dockerfile: string | null;
  /** What the image is built from, from `root`. @default "." */
  readonly context: string;
  /** Environment variables whose values go into the build, and so into its inputs. */
  readonly publicVariables: readonly string[];
  /** The folder of its artifact with its version.json, from `root`; null if it has none. */
  readonly dist: string | null;
}

/** One place that services are deployed to. */
export interface EnvironmentConfig {
  readonly name: string;
  /** By service: the public address that says which build is served. */
  readonly probes: ReadonlyMap<string, string>;
  /**
   * What switches a service over, run by a shell with TIDELINE_SERVICE, TIDELINE_ENVIRONMENT,
   * TIDELINE_VERSION, TIDELINE_BUILD_ID, TIDELINE_COMMIT and TIDELINE_IMAGE (by digest); null where it is somebody else's affair.
   */
  readonly deploy: string | null;
  /** Where its ledger is, unless `CONVEX_URL` says so; null if only the variable does. */
  readonly convexUrl: string | null;
  /** Where its HTTP actions are, unless `CONVEX_SITE_URL` says so. */
  readonly convexSiteUrl: string | null;
}
